#!/bin/sh
# Install the system libraries that a napari window, its tests and MP4 files need; only what is missing.
# Debian and Ubuntu, as root; elsewhere the exact line to run is printed and the work goes on.
set -eu

packages="xvfb xauth ffmpeg libgl1 libegl1 libgl1-mesa-dri libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4
libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libdbus-1-3
libfontconfig1"

command -v dpkg-query >/dev/null 2>&1 || exit 0

missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    echo "installing system libraries:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "some system libraries are missing; windows, their tests or MP4 files may not work until you run:" >&2
    echo "  sudo apt-get install -y$missing" >&2
fi
