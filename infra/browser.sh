#!/bin/sh
# Find Chromium for the browser tests, or install Debian's as root; without one those tests say so and are skipped, or fail for root.
for name in chromium chromium-browser google-chrome; do
    command -v $name >/dev/null && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "browser: installing Debian's chromium for the browser tests (about 400 MB)" >&2
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 && exit 0
fi
echo "browser: no Chromium here, so the browser tests will be skipped (for root: fail). To run them: sudo apt install chromium" >&2
