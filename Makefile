# souk. The two commands a newcomer needs:
#
#   make run     install what is missing, build, open souk on the built-in devnet
#   make test    all tests: unit, interop, screens, layers, under ASan and UBSan
#
# And: make (build ./souk), make bench, make fuzz, make lint, make install PREFIX=, make clean.
# SAN=1 builds with sanitizers into build/san; CC=clang works as well as gcc.

PREFIX  ?= /usr/local
B       ?= build$(if $(SAN),/san)$(if $(FUZZING),/fuzz)
VERSION := 0.1.0

# Modules from the bottom up. A module may include only those before it; `store`, `hub` and their
# like do not see each other. tests/layers.sh checks the arrows.
MODULES := base net eth hub walrus onnx store wallet x402 market signer runner
FRONTS  := ui cli

PKGS    := ncursesw libcjson sqlite3 libutf8proc nettle hogweed gmp libsecp256k1 libsodium libseccomp libqrencode
LOADED  := $(shell pkg-config --cflags libcurl libpq 2>/dev/null)

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
        -Wold-style-definition -Wvla -Wwrite-strings -Wpointer-arith -Wformat=2 -Wconversion \
        -Wundef -fno-common $(if $(LAX),,-Werror)
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
ifdef FUZZING
CC := clang
OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
LDHARDEN := -pie -fsanitize=fuzzer,address,undefined
else ifdef SAN
OPT := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDHARDEN := -pie -fsanitize=address,undefined
else
OPT := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
LDHARDEN := -pie -Wl,-z,relro,-z,now,--as-needed
endif

CFLAGS  ?=
ALLCF   := -std=c11 -D_GNU_SOURCE -DSOUK_VERSION='"$(VERSION)"' -Isrc -I. \
           $(OPT) $(WARN) $(HARDEN) $(LOADED) $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CFLAGS)
# libcurl and libpq are not here: they are loaded at their first use (src/net/curl.h says why).
LIBS    := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lmd4c -lwslay -lpthread -ldl -lm

# V=1 shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo '  $(1)  $(2)')

src_of  = $(wildcard src/$(1)/*.c src/$(1)/*/*.c)
UI_SRC  := $(wildcard ui/*.c ui/*/*.c)
obj_of  = $(patsubst %.c,$(B)/%.o,$(1))
LIB_OF  = $(B)/lib$(1).a
ARCHIVES := $(foreach m,cli ui market x402 wallet store onnx walrus hub eth net base,$(call LIB_OF,$(m)))
MAIN_OBJ := $(call obj_of,src/cli/main.c)
SIGNER_MAIN := $(call obj_of,src/signer/main.c)
RUNNER_MAIN := $(call obj_of,src/runner/main.c)
CLI_OBJ := $(filter-out $(MAIN_OBJ),$(call obj_of,$(call src_of,cli)))

.PHONY: all run test bench fuzz lint install clean deps screenshot
all: souk souk-signer souk-runner

# The programs; with sanitizers they stay below $(B). The one that holds keys is linked from the few
# parts it needs: no network, no database, no screen. So is the one that runs strangers' models.
BIN := $(if $(SAN),$(B)/)
SOUK := $(BIN)souk
SIGNER := $(BIN)souk-signer
SIGNER_PARTS := $(foreach m,signer wallet eth base,$(call LIB_OF,$(m)))
RUNNER := $(BIN)souk-runner
RUNNER_PARTS := $(foreach m,runner onnx base,$(call LIB_OF,$(m)))

$(SOUK): $(MAIN_OBJ) $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS)
$(SIGNER): $(SIGNER_MAIN) $(SIGNER_PARTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS)
$(RUNNER): $(RUNNER_MAIN) $(RUNNER_PARTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS)

define module_rule
$(call LIB_OF,$(1)): $(call obj_of,$(call src_of,$(1)))
	@rm -f $$@
	$$(Q)$(AR) qcs $$@ $$^
endef
$(foreach m,$(filter-out signer runner,$(MODULES)),$(eval $(call module_rule,$(m))))

$(call LIB_OF,signer): $(filter-out $(SIGNER_MAIN),$(call obj_of,$(call src_of,signer)))
	@rm -f $@
	$(Q)$(AR) qcs $@ $^

$(call LIB_OF,runner): $(filter-out $(RUNNER_MAIN),$(call obj_of,$(call src_of,runner)))
	@rm -f $@
	$(Q)$(AR) qcs $@ $^

$(call LIB_OF,ui): $(call obj_of,$(UI_SRC))
	@rm -f $@
	$(Q)$(AR) qcs $@ $^

$(call LIB_OF,cli): $(CLI_OBJ)
	@rm -f $@
	$(Q)$(AR) qcs $@ $^

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC  ,$<)
	$(Q)$(CC) $(ALLCF) -MMD -MP -c -o $@ $<

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# --- tests. Each runner below counts its own tests; tests/run.sh adds them up. --------------------
TTY_PKGS := $(shell pkg-config --cflags --libs vterm 2>/dev/null)
UNIT     := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
SCREENS  := $(patsubst %.c,$(B)/%,$(wildcard tests/screens/test_*.c))
TTY_OBJ  := $(call obj_of,$(filter-out tests/tty/test_% tests/tty/ttyshot.c,$(wildcard tests/tty/*.c)))
SCREEN_OBJ := $(call obj_of,$(filter-out tests/screens/test_%,$(wildcard tests/screens/*.c)) \
              tests/unit/onnx_make.c tests/unit/tree.c)
BENCH_OBJ := $(call obj_of,$(wildcard tests/bench/bench_[!t]*.c) tests/bench/synth.c)
DIFF_OBJ := $(call obj_of,$(wildcard tests/diff/*.c))
ETHDIFF  := $(B)/tests/diff/ethdiff
UNIT_OBJ := $(call obj_of,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
FUZZ     := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
.SECONDARY:

# Tests look into the signer, and run it.
$(B)/tests/unit/test_signer_process $(B)/tests/unit/test_signer_hostile: | $(SIGNER)
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(UNIT_OBJ) $(call LIB_OF,signer) $(call LIB_OF,runner) $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS) -lcmocka
$(B)/tests/screens/%: $(B)/tests/screens/%.o $(SCREEN_OBJ) $(TTY_OBJ) $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS) $(TTY_PKGS) -lutil -lcmocka
$(B)/tests/tty/%: $(B)/tests/tty/%.o $(TTY_OBJ) $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS) $(TTY_PKGS) -lutil -lcmocka
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(BENCH_OBJ) $(TTY_OBJ) $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS) $(TTY_PKGS) -lutil
# Answers questions about eth/ and numbers, for tests that compare it with viem and JavaScript.
$(ETHDIFF): $(DIFF_OBJ) $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS)
# The engine by itself, which souk-runner is measured against.
$(B)/tests/bench/bare_ort: $(B)/tests/bench/bare_ort.o $(RUNNER_PARTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS)
# The floor souk is measured against: curses and nothing else.
$(B)/tests/bench/minicurses: $(B)/tests/bench/minicurses.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(shell pkg-config --libs ncursesw 2>/dev/null)

.PHONY: test-programs run-tests
test-programs: $(SOUK) $(SIGNER) $(RUNNER) $(ETHDIFF) $(UNIT) $(SCREENS) $(B)/tests/tty/test_tty $(B)/tests/bench/minicurses
run-tests:
	@SOUK=$(abspath $(SOUK)) PLAIN_RUNNER=$(abspath souk-runner) ETHDIFF=$(abspath $(ETHDIFF)) tests/run.sh "layers=tests/layers.sh && echo 1 passed, 0 failed" \
	  $(foreach t,$(UNIT) $(B)/tests/tty/test_tty $(SCREENS),"$(notdir $(t))=$(t)") \
	  "devnet=node --test assets/devnet/test/*.test.mjs" \
	  $(foreach t,$(wildcard tests/interop/*.test.mjs),"$(basename $(basename $(notdir $(t))))=node --test $(t)") $(EXTRA_TESTS)

test:
	@assets/setup.sh test
	@$(MAKE) --no-print-directory -j$$(nproc) souk-runner
	@$(MAKE) --no-print-directory -j$$(nproc) SAN=1 test-programs
	@$(MAKE) --no-print-directory SAN=1 run-tests

# --- fuzzing: libFuzzer, each target for FUZZ_SECONDS on what it found before ----------------------
FUZZ_SECONDS ?= 60
$(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(call LIB_OF,signer) $(call LIB_OF,runner) $(ARCHIVES)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDHARDEN) -o $@ $^ $(LIBS)

.PHONY: run-fuzz
run-fuzz: $(FUZZ:%=$(B)/tests/fuzz/%)
	@for t in $(FUZZ); do \
	  mkdir -p $(B)/corpus/$$t; \
	  $(B)/tests/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 $(B)/corpus/$$t \
	    $$(ls -d tests/fuzz/corpus/$$t 2>/dev/null) || exit 1; \
	done

fuzz:
	@assets/setup.sh fuzz
	@$(MAKE) --no-print-directory -j$$(nproc) FUZZING=1 run-fuzz

# --- benchmarks: ratios against named peers, measured in one run ----------------------------------
bench:
	@assets/setup.sh bench
	@$(MAKE) --no-print-directory -j$$(nproc) souk souk-signer souk-runner $(B)/tests/bench/bench_tui $(B)/tests/bench/minicurses $(B)/tests/bench/synth_cache $(B)/tests/bench/walrus_kernels $(B)/tests/bench/bare_ort $(B)/tests/bench/raw_fetch $(B)/tests/bench/rusage $(B)/tests/bench/scale
	@tests/bench/run.sh

# The README's picture, drawn from a real terminal screen.
screenshot: souk $(B)/tests/tty/ttyshot
	@assets/setup.sh shot
	@tests/tty/screenshot.sh $(abspath $(B)/tests/tty/ttyshot) $(abspath souk) assets/screenshot.png

# --- everything else ------------------------------------------------------------------------------
run:
	@assets/setup.sh devnet
	@$(MAKE) --no-print-directory --silent -j$$(nproc) souk souk-signer souk-runner
	@./souk --devnet

deps:
	@assets/setup.sh devnet

lint:
	@assets/setup.sh lint
	clang-format --dry-run -Werror $(wildcard src/*/*.[ch] src/*/*/*.[ch] ui/*.[ch] ui/*/*.[ch] tests/*/*.[ch])
	cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
	  --suppress=missingIncludeSystem -D__cppcheck__ -Isrc -I. src ui
	clang-tidy --quiet $(wildcard src/*/*.c src/*/*/*.c ui/*.c ui/*/*.c) -- -std=c11 -D_GNU_SOURCE \
	  -DSOUK_VERSION='""' -Isrc -I. $(LOADED)

install: souk souk-signer souk-runner
	install -Dm755 -t $(DESTDIR)$(PREFIX)/bin souk souk-signer souk-runner
	mkdir -p $(DESTDIR)$(PREFIX)/share/souk
	tar -C assets --exclude=node_modules --exclude=devnet/test -cf - contracts devnet setup.sh | \
	  tar -C $(DESTDIR)$(PREFIX)/share/souk -xf -

clean:
	rm -rf build souk souk-signer souk-runner
