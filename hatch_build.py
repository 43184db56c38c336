"""Only an editable install: the command runs the template, the functions and the layers of its checkout."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CheckoutOnly(BuildHookInterface[Any]):
    """Refuse to build what would be half of the product."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - Hatch names them
        """Let an editable build pass.

        Args:
            version: Hatch's word for the kind of build.
            build_data: What Hatch would put into it.

        Raises:
            SystemExit: Of any other kind of build, in a sentence.
        """
        if version != "editable":
            raise SystemExit(
                "shaken-stir runs from its checkout, with the template and the functions there, and makes no package: "
                "run `make setup`, then .venv/bin/shaken-stir."
            )
