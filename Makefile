# Assay's build. `make` builds build/assay; `make tests` builds the test programs too; scripts/build and scripts/test call this.
#
#   PRESET=release (default) | debug | asan | tsan | coverage      CC=gcc | clang      (PRESET=fuzz needs clang; scripts/fuzz uses it)
#
# Every folder of src/ is taken whole: a new file needs no line here. The three kernel sets are the same plain C compiled for
# wider registers (src/backend/plain_rows.c tells why their bits agree); src/backend/x86/ holds the hand-written ones.
PRESET ?= release
CC     ?= gcc
ifeq ($(CC),cc)
CC := gcc
endif
BUILD  ?= build$(if $(filter-out release,$(PRESET)),/$(PRESET))$(if $(filter clang,$(CC)),/clang)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Werror
FLAGS_release := -O3
FLAGS_debug   := -O1 -g
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan    := -O1 -g -fsanitize=thread
FLAGS_coverage := -O0 -g --coverage
FLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Hardening (SECURITY.md): position independent, nothing writable is executable, relocations resolved and sealed before main.
HARDENED := -pie -Wl,-z,relro,-z,now,-z,noexecstack
# -ffp-contract=off: a multiply-add is fused only where the source says fmaf, so all compilers and kernel sets round alike.
CFLAGS_ALL := -std=c17 -D_GNU_SOURCE -Isrc $(WARNINGS) -ffp-contract=off -fno-math-errno -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIC \
              $(FLAGS_$(PRESET)) $(CFLAGS)
LIBS := -ljansson -lutf8proc -lpcre2-8 -lyaml -lxxhash -lz -lm -lpthread

SOURCES := $(filter-out src/cli/main.c,$(wildcard src/*/*.c src/*/*/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
FUZZERS := $(patsubst fuzz/%.c,$(BUILD)/fuzz/%,$(filter-out fuzz/fuzz_file.c,$(wildcard fuzz/fuzz_*.c)))
TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))

.PHONY: all tests fuzzers clean
all: $(BUILD)/assay
tests: all $(TESTS)
fuzzers: $(FUZZERS)

$(BUILD)/obj/backend/x86/avx512/%.o: EXTRA := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mprefer-vector-width=512
$(BUILD)/obj/backend/x86/avx2/%.o:   EXTRA := -mavx2 -mfma -mf16c

$(BUILD)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CFLAGS_ALL) $(EXTRA) -MMD -MP -c $< -o $@

$(BUILD)/libassay.a: $(OBJECTS)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/assay: $(BUILD)/obj/cli/main.o $(BUILD)/libassay.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS_ALL) $^ -o $@ $(HARDENED) $(LDFLAGS) $(LIBS)

$(BUILD)/tests/%: tests/%.c $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS_ALL) -Itests -MMD -MP $< $(BUILD)/libassay.a -o $@ $(LDFLAGS) -lcmocka $(LIBS)

# It counts what libassay.a allocates.
$(BUILD)/tests/test_hostile: private LDFLAGS += -Wl,--wrap=calloc,--wrap=realloc

# A fuzz target: with libFuzzer's main (PRESET=fuzz), else with one that replays the files of a corpus.
$(BUILD)/fuzz/%: fuzz/%.c fuzz/fuzz_file.c $(if $(filter fuzz,$(PRESET)),,fuzz/replay_main.c) $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS_ALL) -Ifuzz -o $@ $^ $(if $(filter fuzz,$(PRESET)),-fsanitize=fuzzer) $(LDFLAGS) $(LIBS)

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(TESTS:=.d) $(BUILD)/obj/cli/main.d
