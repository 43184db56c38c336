"""An account that is ready, for `shaken-stir doctor`."""

from tests.world import PRODUCT, PROFILE, phone_number

FIRST, SECOND = phone_number(1, 0), phone_number(1, 1)
DONE = {
    "profiles": [{"sid": PROFILE, "status": "twilio-approved", "numbers": [FIRST, FIRST, SECOND]}],
    "products": [
        {"sid": PRODUCT, "status": "twilio-approved", "business_profile": PROFILE, "numbers": [FIRST, SECOND]}
    ],
}
