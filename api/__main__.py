"""``python -m api``: serve the API on MUNIMENT_API_HOST and MUNIMENT_API_PORT until told to stop."""

import logging
import sys

import uvicorn

from api.app import create_app
from api.lifespan import open_services
from core import telemetry
from core.errors import MunimentError, SettingsError
from core.settings import load

GRACE_S = 10
MAX_HEADER_BYTES = 65_536  # 500 job ids make a query of 18,500 bytes


def main() -> int:
    """Run the server; returns 2 for a wrong setting, 1 if something it needs is missing."""
    telemetry.silence_phone_home()
    try:
        settings = load()
        telemetry.configure(settings.log_level)
        with open_services(settings) as services:
            logging.getLogger(__name__).info("api_starting", extra={"host": settings.api.host, "port": settings.api.port})
            uvicorn.run(
                create_app(settings, services),
                host=settings.api.host,
                port=settings.api.port,
                log_config=None,
                access_log=False,  # api.middleware logs requests, without their queries
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
                h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            )
    except MunimentError as error:
        sys.stderr.write(f"{error}\n")
        return 2 if isinstance(error, SettingsError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
