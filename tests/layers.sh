#!/bin/sh
# layers.sh: does the code keep to the house's plan? Run from the repository's root, or name it.
#
#   arrows   who may include whom, by the #include lines (the table is in allowed() below)
#   curses   only ui/backend_curses.c includes it
#   banned   every .c includes "base/banned.h", as its last include
#   memory   only src/base/mem.c calls malloc and its kin
#   bidi     no source contains a character that changes the direction of text (trojan source)
#
# One line per violation, "file:line: what"; a summary; exit status 1 when there was any.
set -u
cd "${1:-.}" || exit 2
LC_ALL=C # the bidi check looks at bytes
export LC_ALL

if [ ! -d src/base ]; then
    echo "layers: there is no src/base here: run me from the repository's root" >&2
    exit 2
fi

# shellcheck disable=SC2016 # what looks like shell variables is awk's
check_c='
# The modules that "module" may include; the loop is for the front doors too.
function allowed(module, header,    to) {
    to = header
    sub("/.*", "", to)
    if (to == module)
        return 1
    if (module == "net")
        return to ~ /^(base)$/
    if (module == "eth")
        return to ~ /^(base|net)$/
    if (module == "wallet") # keys never see the network
        return to ~ /^(base|eth)$/
    if (module == "signer") # the process that holds them
        return to ~ /^(base|eth|wallet)$/
    if (module == "runner") # the process that runs models of strangers
        return to ~ /^(base|onnx)$/
    if (module ~ /^(hub|store|walrus|onnx|x402)$/)
        return to ~ /^(base|net|eth)$/
    if (module == "market")
        return to ~ /^(base|net|eth|hub|store|walrus|onnx|x402|wallet)$/
    if (module == "cli" || module == "ui")
        return to ~ /^(base|eth|market)$/ || header == "net/loop.h" ||
               (to == "ui" && FILENAME == "src/cli/main.c")
    return 0 # base, and any module this table does not know yet
}

function say(what) {
    print FILENAME ":" FNR ": " what
}

# The line without character constants, strings and comments.
function code_of(line,    from, to, rest) {
    gsub(/\047(\\.|[^\047\\])\047/, "0", line)
    gsub(/"([^"\\]|\\.)*"/, "\"\"", line)
    rest = line
    line = ""
    while (rest != "") {
        if (in_comment) {
            to = index(rest, "*/")
            if (!to)
                return line
            rest = substr(rest, to + 2)
            in_comment = 0
        }
        from = match(rest, /\/[*\/]/)
        if (!from)
            return line rest
        line = line substr(rest, 1, from - 1) " "
        if (substr(rest, from, 2) == "//")
            return line
        rest = substr(rest, from + 2)
        in_comment = 1
    }
    return line
}

function end_of_file() {
    if (last_file ~ /\.c$/ && last_include != "base/banned.h")
        print last_file ":" last_line ": the last #include must be \"base/banned.h\""
}

BEGIN {
    allocator = "(^|[^A-Za-z0-9_.>])(malloc|calloc|realloc|reallocarray|free|strdup|strndup" \
                "|asprintf|vasprintf|aligned_alloc|posix_memalign)[ \t]*[(]"
}

FNR == 1 {
    end_of_file()
    last_file = FILENAME
    last_include = ""
    last_line = 1
    in_comment = 0
    module = FILENAME
    sub("^src/", "", module)
    sub("/.*", "", module)
}

!in_comment && /^[ \t]*#[ \t]*include[ \t]*["<]/ {
    header = $0
    ours = header ~ /include[ \t]*"/
    sub(/^[^"<]*["<]/, "", header)
    sub(/[">].*/, "", header)
    last_include = header
    last_line = FNR
    if (header ~ /curses/ && FILENAME != "ui/backend_curses.c" && header !~ /^ui\//)
        say("only ui/backend_curses.c may include <" header ">")
    if (header ~ /\.\.\//)
        say("\"" header "\" climbs: name it from src/ or from the root")
    else if ((ours && header ~ /\//) ||
             header ~ /^(base|net|eth|hub|store|walrus|onnx|x402|wallet|signer|runner|market|cli|ui)\//)
        if (!allowed(module, header))
            say(module " may not include \"" header "\"")
}

{
    code = code_of($0)
    if (FILENAME != "src/base/mem.c" && match(code, allocator)) {
        name = substr(code, RSTART, RLENGTH)
        gsub(/[^A-Za-z_]/, "", name)
        say(name "() belongs to src/base/mem.c alone: use mem.h")
    }
}

END { end_of_file() }
'

# U+202A to U+202E, U+2066 to U+2069, U+200E, U+200F, U+061C
check_bidi='
/\342\200[\216\217\252-\256]|\342\201[\246-\251]|\330\234/ {
    print FILENAME ":" FNR ": has a character that changes the direction of text: write an escape"
}
'

dirs=src
[ ! -d ui ] || dirs="src ui"
violations=$(
    # shellcheck disable=SC2086 # two words on purpose
    find $dirs -type f -name '*.[ch]' -exec awk "$check_c" {} +
    find . \( -name .git -o -name node_modules -o -name build \) -prune -o -type f \
        \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.js' -o -name '*.mjs' \
        -o -name '*.sol' -o -name '*.md' -o -name Makefile \) -exec awk "$check_bidi" {} +
)
# shellcheck disable=SC2086
files=$(find $dirs -type f -name '*.[ch]' | wc -l)
if [ -z "$violations" ]; then
    echo "layers: $((files)) files, no violation"
    exit 0
fi
printf '%s\n' "$violations"
echo "layers: $((files)) files, $(printf '%s\n' "$violations" | wc -l) violations"
exit 1
