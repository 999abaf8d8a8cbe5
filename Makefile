# Assay's build. `make` builds build/assay; `make tests` builds the test programs too; scripts/build and scripts/test call this.
#
#   PRESET=release (default) | debug | asan | tsan | coverage      CC=gcc | clang | clang-19 | aarch64-linux-gnu-gcc | ...
#   (PRESET=fuzz needs clang; scripts/fuzz uses it)                 WERROR=1: warnings are errors (scripts/test and CI)
#
# Every folder of src/ is taken whole: a new file needs no line here. The three kernel sets are the same plain C compiled for
# wider registers (src/backend/plain_rows.c tells why their bits agree); src/backend/x86/ holds the hand-written ones.
PRESET ?= release
CC     ?= gcc
ifeq ($(CC),cc)
CC := gcc
endif
COMPILER := $(notdir $(lastword $(CC)))
BUILD  ?= build$(if $(filter-out release,$(PRESET)),/$(PRESET))$(patsubst %,/%,$(filter clang% %-gcc,$(COMPILER)))
# A cross compiler brings an archiver that knows its objects.
CROSS_AR := $(patsubst %-gcc,%-ar,$(filter %-gcc,$(COMPILER)))
ARCHIVER := $(or $(CROSS_AR),ar)
PROCESSOR := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))

# A newer compiler may know a warning more: that is for those who change the code to mend, not for those who build it.
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Werror=implicit-function-declaration $(if $(WERROR),-Werror)
FLAGS_release := -O3
FLAGS_debug   := -O1 -g
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan    := -O1 -g -fsanitize=thread
FLAGS_coverage := -O0 -g --coverage
FLAGS_fuzz    := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# Hardening (SECURITY.md): position independent, nothing writable is executable, relocations resolved and sealed before main.
HARDENED := -pie -Wl,-z,relro,-z,now,-z,noexecstack
# -ffp-contract=off: a multiply-add is fused only where the source says fmaf, so all compilers and kernel sets round alike.
CFLAGS_ALL := -std=c17 -D_GNU_SOURCE -Isrc -Iinclude -fvisibility=hidden $(WARNINGS) -ffp-contract=off -fno-math-errno -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIC \
              $(FLAGS_$(PRESET)) $(CFLAGS)
LIBS := -lmicrohttpd -ljansson -lutf8proc -lpcre2-8 -lyaml -lxxhash -lz -lzstd -lsnappy -lm -lpthread

PREFIX    ?= /usr/local
LIBDIR    ?= $(PREFIX)/lib
SOVERSION := 1
VERSION   := $(shell sed -n 's/^\#define ASSAY_VERSION "\(.*\)"/\1/p' src/base/version.h)

# What is built: the tree's commit, or that of the tarball (scripts/release writes the file). Only main.o knows it, and is made anew where it
# is another.
COMMIT  := $(shell cat COMMIT 2>/dev/null || git describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null || echo unknown)

# Kernel sets of one processor stand below backend/ in a folder of its name; other processors have the plain set.
SETS    := $(if $(filter x86_64,$(PROCESSOR)),x86)
SOURCES := $(filter-out src/cli/main.c,$(wildcard src/*/*.c $(SETS:%=src/backend/%/*/*.c)))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/serve/page_html.o $(BUILD)/obj/serve/docs_html.o $(BUILD)/obj/template/template_texts.o
FUZZERS := $(patsubst fuzz/%.c,$(BUILD)/fuzz/%,$(filter-out fuzz/fuzz_file.c,$(wildcard fuzz/fuzz_*.c)))
TESTS   := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))

# What speaks to an MPI is a plug-in built by that MPI's own mpicc, where there is one; the program links none
# (docs/clusters.md).
MPIS    := $(foreach mpi,openmpi mpich,$(if $(shell command -v mpicc.$(mpi)),$(mpi)))
PLUGINS := $(MPIS:%=$(BUILD)/assay-mpi-%.so)

.PHONY: FORCE all tests fuzzers clean install install-mpi uninstall
all: $(BUILD)/assay $(BUILD)/libassay.so $(PLUGINS)
tests: all $(TESTS)
fuzzers: $(FUZZERS)

$(BUILD)/obj/backend/x86/avx512/%.o: EXTRA := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mprefer-vector-width=512
$(BUILD)/obj/backend/x86/avx512bf16/%.o: EXTRA := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512bf16 -mfma -mprefer-vector-width=512
$(BUILD)/obj/backend/x86/avx2/%.o:   EXTRA := -mavx2 -mfma -mf16c

$(BUILD)/obj/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC $<"
	@$(CC) $(CFLAGS_ALL) $(EXTRA) -MMD -MP -c $< -o $@

$(BUILD)/obj/cli/main.o: EXTRA := -DASSAY_COMMIT='"$(COMMIT)"'
$(BUILD)/obj/cli/main.o: $(BUILD)/obj/commit
$(BUILD)/obj/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' >$@
FORCE:

# The pages as bytes in the program: they are served without files beside it.
$(BUILD)/obj/serve/%_html.o: src/serve/%.html Makefile
	@mkdir -p $(@D)
	@echo "  CC $<"
	@{ echo '#include "serve/http_private.h"'; echo 'const unsigned char assay_$*_html[] = {'; od -An -v -tu1 $< | sed 's/\([0-9]\{1,\}\)/\1,/g'; \
	   echo '};'; echo 'const size_t assay_$*_html_size = sizeof assay_$*_html;'; } > $(@:.o=.c)
	@$(CC) $(CFLAGS_ALL) -c $(@:.o=.c) -o $@

# The built-in chat templates, a file each: their names and texts as one table.
TEXTS := $(sort $(wildcard src/template/texts/*.jinja))
$(BUILD)/obj/template/template_texts.o: $(TEXTS) Makefile
	@mkdir -p $(@D)
	@echo "  CC src/template/texts"
	@{ echo '#include "template/template_kind.h"'; i=0; \
	   for f in $(TEXTS); do echo "static const char text_$$i[] = {"; od -An -v -tu1 $$f | sed 's/\([0-9]\{1,\}\)/\1,/g'; echo '0};'; i=$$((i + 1)); done; \
	   echo 'const assay_template_kind assay_template_texts[] = {'; i=0; \
	   for f in $(TEXTS); do n=$${f##*/}; echo "{.name = \"$${n%.jinja}\", .body = text_$$i},"; i=$$((i + 1)); done; \
	   echo '};'; echo 'const size_t assay_template_text_count = sizeof assay_template_texts / sizeof *assay_template_texts;'; } > $(@:.o=.c)
	@$(CC) $(CFLAGS_ALL) -Wno-missing-field-initializers -c $(@:.o=.c) -o $@

$(BUILD)/libassay.a: $(OBJECTS)
	@rm -f $@
	@$(ARCHIVER) rcs $@ $^

$(BUILD)/assay-mpi-%.so: src/comm/mpi/mpi_transport.c src/comm/transport.h Makefile
	@mkdir -p $(@D)
	@echo "  LD $@"
	@mpicc.$* -std=c17 -O2 -Isrc -fvisibility=hidden $(WARNINGS) -fPIC -shared $< -o $@

# What include/assay.h declares is all that leaves it.
$(BUILD)/libassay.so: $(OBJECTS)
	@echo "  LD $@"
	@$(CC) $(CFLAGS_ALL) -shared -Wl,-soname,libassay.so.$(SOVERSION) $^ -o $@ $(LDFLAGS) $(LIBS)
	@ln -sf libassay.so $(BUILD)/libassay.so.$(SOVERSION)

$(BUILD)/assay: $(BUILD)/obj/cli/main.o $(BUILD)/libassay.a
	@echo "  LD $@"
	@$(CC) $(CFLAGS_ALL) $^ -o $@ $(HARDENED) $(LDFLAGS) $(LIBS)

$(BUILD)/tests/%: tests/%.c $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS_ALL) -Itests $(TEST_FLAGS) -MMD -MP $< $(BUILD)/libassay.a -o $@ $(LDFLAGS) -lcmocka $(LIBS)

# They count what libassay.a allocates, or let it fail.
$(BUILD)/tests/test_hostile $(BUILD)/tests/test_json_doc: private LDFLAGS += -Wl,--wrap=calloc,--wrap=realloc

# A fuzz target: with libFuzzer's main (PRESET=fuzz), else with one that replays the files of a corpus.
$(BUILD)/fuzz/%: fuzz/%.c fuzz/fuzz_file.c fuzz/decode_weight.c $(if $(filter fuzz,$(PRESET)),,fuzz/replay_main.c) $(BUILD)/libassay.a
	@mkdir -p $(@D)
	@echo "  LD $@"
	@$(CC) $(CFLAGS_ALL) -Ifuzz -o $@ $^ $(if $(filter fuzz,$(PRESET)),-fsanitize=fuzzer) $(LDFLAGS) $(LIBS)

# PYTHONDIR: where a Python of this prefix looks for modules; empty where there is none, then share/assay/python is for PYTHONPATH.
PYTHONDIR ?= $(shell scripts/python_folder $(PREFIX))
MODULES   := $(PREFIX)/share/assay/python $(PYTHONDIR)

# The loader is told of a new library by ldconfig; a LIBDIR that it does not look at is written into programs by assay.pc.
install: all
	@install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include
	@install -m 755 $(BUILD)/assay $(DESTDIR)$(PREFIX)/bin/assay
	@install -m 644 $(BUILD)/libassay.so $(DESTDIR)$(LIBDIR)/libassay.so.$(SOVERSION)
	@ln -sf libassay.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libassay.so
	@install -m 644 include/assay.h $(DESTDIR)$(PREFIX)/include/assay.h
	@for folder in $(MODULES); do install -d $(DESTDIR)$$folder/assay && install -m 644 python/assay/*.py $(DESTDIR)$$folder/assay && \
	    printf 'LIBRARY = "%s"\nFROM_HERE = "%s"\n' $(LIBDIR)/libassay.so.$(SOVERSION) \
	        "$$(realpath -m --relative-to=$$folder/assay $(LIBDIR)/libassay.so.$(SOVERSION))" >$(DESTDIR)$$folder/assay/_installed.py || exit 1; done
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    -e 's|@RPATH@|$(if $(filter /usr/lib /usr/lib/% /lib,$(LIBDIR)),, -Wl,-rpath,$(LIBDIR))|' include/assay.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/assay.pc
	@scripts/install_pages $(BUILD)/assay $(DESTDIR)$(PREFIX)/share
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" -eq 0 ]; then ldconfig || true; fi
	@echo "installed: $(DESTDIR)$(PREFIX)/bin/assay, $(DESTDIR)$(LIBDIR)/libassay.so, $(DESTDIR)$(PREFIX)/include/assay.h,"
	@echo "  manual pages and completion (bash, zsh, fish) below $(DESTDIR)$(PREFIX)/share, the Python module in$(foreach folder,$(MODULES), $(DESTDIR)$(folder)/assay)"
	@case ":$$PATH:" in *:$(PREFIX)/bin:*) echo "try: assay help" ;; *) echo "$(PREFIX)/bin is not in PATH; try: $(PREFIX)/bin/assay help" ;; esac
	@[ -n "$(PYTHONDIR)" ] || echo "no Python of $(PREFIX) here: for the module, PYTHONPATH=$(PREFIX)/share/assay/python"

# The plug-ins of the MPIs that are here, where the installed program looks for them; packages leave them out.
install-mpi: $(PLUGINS)
	@install -d $(DESTDIR)$(PREFIX)/lib/assay
	@for plugin in $(PLUGINS); do install -m 644 $$plugin $(DESTDIR)$(PREFIX)/lib/assay || exit 1; done
	@echo "installed: $(words $(PLUGINS)) plug-ins for MPI below $(DESTDIR)$(PREFIX)/lib/assay"

uninstall:
	@rm -rf $(DESTDIR)$(PREFIX)/lib/assay
	@rm -f $(DESTDIR)$(PREFIX)/bin/assay $(DESTDIR)$(LIBDIR)/libassay.so.$(SOVERSION) $(DESTDIR)$(LIBDIR)/libassay.so $(DESTDIR)$(PREFIX)/include/assay.h \
	    $(DESTDIR)$(LIBDIR)/pkgconfig/assay.pc $(DESTDIR)$(PREFIX)/share/man/man1/assay.1 $(DESTDIR)$(PREFIX)/share/man/man1/assay-*.1 \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/assay $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_assay \
	    $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/assay.fish
	@echo "removed: assay, libassay, assay.h, manual pages, completion and the Python module below $(DESTDIR)$(PREFIX)"
	@for folder in $(MODULES); do rm -rf $(DESTDIR)$$folder/assay; done
	@rmdir $(DESTDIR)$(PREFIX)/share/assay/python $(DESTDIR)$(PREFIX)/share/assay 2>/dev/null || true
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" -eq 0 ]; then ldconfig || true; fi

clean:
	rm -rf build

-include $(OBJECTS:.o=.d) $(TESTS:=.d) $(BUILD)/obj/cli/main.d
