"""Whether Lambda has room for as many subaccounts as the stack works on at once."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from shaken_stir.deployed import commands
from shaken_stir.deployed.checkup import Finding, Mark
from shaken_stir.deployed.stack import DeployedStack

MAP_FUNCTIONS: Final = (
    "ListPhoneNumbersFunction",
    "AssignToBusinessProfileFunction",
    "AssignToTrustProductFunction",
    "RecordSubaccountFunction",
)
"""What is invoked for each subaccount, one after the other."""
_WAIT: Final = "the others wait for their turn, so runs are slower"


def concurrency(stack: DeployedStack) -> Iterator[Finding]:
    """Look whether the reserved concurrency and the account's leave room for MapConcurrency.

    Sources: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html,
    https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html.
    """
    client, functions = stack.session.client("lambda"), stack.resources("AWS::Lambda::Function")
    wanted = int(stack.parameters["MapConcurrency"])
    reserved = {
        name: client.get_function_concurrency(FunctionName=functions[name]).get("ReservedConcurrentExecutions")
        for name in MAP_FUNCTIONS
    }
    unreserved = client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    stopped = [name for name, room in reserved.items() if room == 0]
    narrow = {name: room for name, room in reserved.items() if room and room < wanted}
    account_is_narrow = None in reserved.values() and unreserved < wanted
    warning = partial(Finding, check="Concurrency", mark=Mark.WARNING)
    many = f"{wanted} subaccounts are worked on at once (MapConcurrency)"
    if stopped:
        yield warning(
            says=f"the reserved concurrency of {', '.join(stopped)} is 0: a run that comes there waits for an hour and "
            "a half at the most, then its subaccounts fail",
            remedy="To let runs go on, or begin: " + commands.deploy(stack, 'ReservedConcurrency=""'),
        )
    if narrow:
        least = min(narrow.values())
        yield warning(
            says=f"{many}, but {', '.join(narrow)} run in {least} copies at the most (reserved concurrency): {_WAIT}",
            remedy="Lower the first or raise the second, such as: " + commands.deploy(stack, f"MapConcurrency={least}"),
        )
    if account_is_narrow:
        yield warning(
            says=f"{many}, but functions without a reserved concurrency run in {unreserved} copies at the most in all "
            f"of the AWS account: {_WAIT}",
            remedy="Have the account's quota raised (Service Quotas: AWS Lambda, Concurrent executions), or: "
            + commands.deploy(stack, f"MapConcurrency={unreserved}"),
        )
    if not (stopped or narrow or account_is_narrow):
        yield Finding(check="Concurrency", mark=Mark.OK, says=f"Lambda has room for {wanted} subaccounts at once")
