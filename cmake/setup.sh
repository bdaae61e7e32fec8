#!/usr/bin/env bash
# Installs what is missing (Debian packages), configures and builds.
# Usage: cmake/setup.sh PRESET TARGET...; packages that it installs as well, in GLOWVOX_PACKAGES
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift

packages=(
  g++ cmake ninja-build pkg-config
  libxsmm-dev libhwy-dev libeigen3-dev libyaml-cpp-dev nlohmann-json3-dev libfmt-dev
)
case $preset in
  engine | arm64 | windows) ;;
  *) packages+=(libsndfile1-dev libsoxr-dev libzip-dev libpng-dev libcli11-dev libkainjow-mustache-dev
    libonnx-dev libprotobuf-dev protobuf-compiler) ;;
esac
case $preset in
  engine | arm64 | windows | synthesis) ;;
  package) packages+=(portaudio19-dev help2man) ;;
  *)
    packages+=(libtorch-dev libopenblas0-pthread libgloo-dev libfftw3-dev doctest-dev portaudio19-dev jackd2
      sox ffmpeg)
    ;;
esac
read -ra more <<<"${GLOWVOX_PACKAGES:-}"
missing=()
for package in "${packages[@]}" "${more[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "as root: apt-get install ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "installing: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

build=build
[ "$preset" = default ] || build=build-$preset
if [ ! -f "$build/build.ninja" ]; then
  cmake --preset "$preset" >/dev/null
fi
cmake --build --preset "$preset" --target "$@"
