# Sourced by scripts that need packages of Debian.

# have PACKAGES COMMAND...: succeeds if all commands exist; installs PACKAGES on Debian as root first.
have() {
  local packages=$1
  shift
  type "$@" >/dev/null 2>&1 && return
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
  echo "installing $packages ..."
  # shellcheck disable=SC2086 # one argument for each package
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages; } >/dev/null
}
