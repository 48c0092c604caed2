#!/bin/sh
# Installs what souk needs and does not find: Debian packages by apt, the devnet's pinned npm
# packages by `npm ci`. Called by the Makefile; does nothing, in milliseconds, when all is there.
#
#   setup.sh build     compiler and libraries
#   setup.sh devnet    Node.js and the devnet's packages
#   setup.sh test      what only the tests need (and the two above)
#   setup.sh bench     the programs souk is measured against
#   setup.sh shot      what the README's picture needs
#   setup.sh lint      formatter and static analysers
#   setup.sh engine DIR   ONNX Runtime, which runs models, as DIR/libonnxruntime.so
set -eu
here=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "souk: $*" >&2
    exit 1
}

log='' scratch=''
trap 'rm -rf "$log" "$scratch"' EXIT
trap 'exit 130' INT TERM

# Of what a failed installer said, in $log, the one line to show.
reason() {
    if grep -qE 'resolv|onnect to|ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|is unreachable' "$log"
    then echo "its server cannot be reached; is there a network?"
    else
        words=$(grep -E '^(E:|npm (error|ERR!)) ' "$log" |
            grep -vE '^npm [^ ]+ (code|errno|syscall|path|dest) ' | head -n 1)
        echo "${words:-$(tail -n 1 "$log")}"
    fi
}

apt_packages() {
    command -v dpkg-query >/dev/null 2>&1 || {
        echo "souk: no Debian here; if something is missing below, it is one of: $*" >&2
        return 0
    }
    have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
    missing=
    for p in "$@"; do
        case "
$have
" in *"
installed $p
"*) ;;
        *) missing="$missing $p" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ]; then as_root=
    elif command -v sudo >/dev/null 2>&1; then as_root=sudo
    else fail "become root or install sudo, or have these packages installed:$missing"
    fi
    echo "souk: installing$missing" >&2
    log=$(mktemp)
    {
        $as_root apt-get update -qq &&
            $as_root env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y -qq --no-install-recommends $missing
    } >"$log" 2>&1 || fail "apt could not install$missing: $(reason)"
    rm -f "$log"
}

need_build() {
    apt_packages build-essential pkg-config libncurses-dev libcurl4-openssl-dev libcjson-dev \
        libsqlite3-dev libutf8proc-dev libmd4c-dev nettle-dev libgmp-dev libsodium-dev libsecp256k1-dev \
        libseccomp-dev libqrencode-dev libpq-dev libwslay-dev ncurses-term
}

# A Node.js of the user's own is as good as Debian's, when it is not older than 18.20.
need_node() {
    if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
        apt_packages nodejs npm
    fi
    for program in node npm; do
        command -v $program >/dev/null 2>&1 ||
            fail "the devnet needs Node.js 18.20 or newer with npm, and there is no $program on the PATH"
    done
    node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>18||a==18&&b>=20?0:1)' \
        2>/dev/null || fail "the devnet needs Node.js 18.20 or newer; this is $(node --version 2>&1 | head -n 1)"
}

need_devnet() {
    need_node
    cd "$here/devnet"
    want=$(cksum <package-lock.json)
    [ "$(cat node_modules/.souk-lock 2>/dev/null || true)" != "$want" ] || return 0
    echo "souk: installing the devnet's packages (npm ci, once)" >&2
    log=$(mktemp)
    npm ci --ignore-scripts --include=optional --prefer-offline --no-audit --no-fund \
        --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 >"$log" 2>&1 ||
        fail "npm could not install the devnet's packages: $(reason)"
    rm -f "$log"
    [ -n "$(find node_modules/@foundry-rs -path '*/bin/anvil' 2>/dev/null)" ] ||
        fail "the devnet's chain, anvil, has no build for this machine ($(uname -sm))"
    echo "$want" >node_modules/.souk-lock
}

# What souk's indexing is measured against. better-sqlite3 alone has a program to build or to fetch;
# where this Node.js brings its headers, they are used.
need_peers() {
    cd "$here/../tests/bench"
    want=$(cksum <package-lock.json)
    [ "$(cat node_modules/.souk-lock 2>/dev/null || true)" != "$want" ] || return 0
    echo "souk: installing what the benches compare with (npm ci, once)" >&2
    log=$(mktemp)
    prefix=$(node -p 'require("path").resolve(process.execPath, "../..")')
    [ ! -e "$prefix/include/node/node.h" ] || export npm_config_nodedir="$prefix"
    {
        npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --fetch-retries=2 \
            --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 &&
            npm rebuild better-sqlite3 --foreground-scripts
    } >"$log" 2>&1 || fail "npm could not install what the benches compare with: $(reason)"
    rm -f "$log"
    echo "$want" >node_modules/.souk-lock
}

# ONNX Runtime comes out of an npm package of which nothing else is kept and no script is run. What
# is taken is what was pinned here, to the byte: the package as npm names its integrity (SHA-512),
# the library by SHA-256.
engine=onnxruntime-node@1.27.0
engine_package=404cc6c2bbcd060bf8b8f55d9db1ec3861b81ba4fdea676570523c68028f8cc53cc0e3e956870f5dbea4dd01a46996a0553bf61bd0679dba3a67725d5ebd5f43
engine_x64=d8aff4aa8abee8fb2abb2f2f2459ffc94461e781e41b9f7c072829dd0d470221

# The library for this machine, from a copy that may be anyone's, into place.
place_engine() {
    if [ "$arch" = x64 ]; then
        echo "$engine_x64  $1" | sha256sum --check --status 2>/dev/null || return 1
    fi
    install -m 644 "$1" "$2/.libonnxruntime.so.new" &&
        mv -f "$2/.libonnxruntime.so.new" "$2/libonnxruntime.so"
}

need_engine() {
    case $(uname -sm) in
    "Linux x86_64") arch=x64 ;;
    "Linux aarch64") arch=arm64 ;;
    *) fail "there is no ONNX Runtime for this machine ($(uname -sm)) that souk knows" ;;
    esac
    leaf=bin/napi-v6/linux/$arch/libonnxruntime.so.1
    mkdir -p "$1"
    # The devnet's packages have it, too; only where its bytes are known is that copy as good.
    if [ $arch = x64 ] && [ -e "$here/devnet/node_modules/onnxruntime-node/$leaf" ] &&
        place_engine "$here/devnet/node_modules/onnxruntime-node/$leaf" "$1"
    then return 0
    fi
    need_node
    scratch=$(mktemp -d "$1/.getting.XXXXXX")
    log=$scratch/log
    echo "souk: getting ONNX Runtime ($engine, 100 MB, once)" >&2
    (cd "$scratch" && npm pack --fetch-retries=2 --fetch-retry-mintimeout=1000 \
        --fetch-retry-maxtimeout=5000 "$engine") >"$log" 2>&1 ||
        fail "npm could not get ONNX Runtime: $(reason)"
    package=$(find "$scratch" -name '*.tgz')
    echo "$engine_package  $package" | sha512sum --check --status ||
        fail "what npm sent is not the ONNX Runtime that souk knows: it was thrown away"
    tar -xzf "$package" -C "$scratch" "package/$leaf"
    place_engine "$scratch/package/$leaf" "$1" ||
        fail "what npm sent is not the ONNX Runtime that souk knows: it was thrown away"
}

case ${1:-} in
build) need_build ;;
devnet) need_build && need_devnet ;;
test) need_build && apt_packages libcmocka-dev libvterm-dev tmux curl strace libonnx-testdata postgresql sqlite3 && need_devnet ;;
fuzz) need_build && apt_packages clang libclang-rt-14-dev ;;
bench) need_build && apt_packages libvterm-dev tig htop nnn newsboat git curl python3 && need_devnet && need_peers ;;
shot) need_build && apt_packages libvterm-dev librsvg2-bin fonts-dejavu-core ;;
lint) need_build && apt_packages clang-format clang-tidy cppcheck ;;
engine) need_engine "${2:?where to}" ;;
*) fail "usage: setup.sh build|devnet|test|fuzz|bench|shot|lint|engine DIR" ;;
esac
