# SPDX-License-Identifier: GPL-3.0-or-later
# Targets: all check asan fuzz preload install clean. CC CFLAGS CPPFLAGS LDFLAGS LDLIBS belong to the user.
VERSION  := 0.1.0
B        ?= build
PROGRAMS := auth crm audit mail saml
PKGS     := jansson libpq libsodium libcrypto
CFLAGS   ?= -O2 -g
FORTIFY  ?= -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
PREFIX   ?= /usr/local
# make V=1 shows whole command lines
Q := $(if $(V),,@)

# what each program needs beyond libpact
LIBS_auth := -lcrypt -lqrencode -lzxcvbn -lresolv -lm
LIBS_mail := $(shell pkg-config --libs libcurl 2>/dev/null)
# SAML: lasso, libxml2 and xmlsec are known to this program and its tests only
SAML_PKGS := lasso xmlsec1-openssl libxml-2.0 gobject-2.0
LIBS_saml := $(shell pkg-config --libs $(SAML_PKGS) 2>/dev/null) -lz

WARN := -Wall -Wextra -Wformat=2 -Wconversion -Wsign-conversion -Wimplicit-fallthrough -Werror=format-security \
	-Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion -Wshadow -Wundef -Wvla \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wcast-qual -Wwrite-strings -Wpointer-arith \
	-Wnull-dereference -Wno-missing-field-initializers
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fPIE \
	-fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
ifeq ($(shell $(CC) --version 2>/dev/null | grep -c clang),0)
WARN   += -Wtrampolines -Wbidi-chars=any -Wlogical-op -Wduplicated-cond -Wduplicated-branches
HARDEN += -ftrivial-auto-var-init=zero
endif
ifneq ($(shell uname -m),x86_64)
HARDEN := $(filter-out -fcf-protection=full,$(HARDEN))
endif
LINKHARD := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed

# strict for us, silent for libraries
INCS    := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS) 2>/dev/null))
BASELIBS := -lfcgi $(shell pkg-config --libs $(PKGS) 2>/dev/null)
COMPILE = $(CC) -std=c17 -D_GNU_SOURCE -DPACT_VERSION='"$(VERSION)"' -I. $(INCS) $(WARN) $(HARDEN) $(FORTIFY) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(CFLAGS) $(LINKHARD) $(LDFLAGS)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
SHARED := $(filter-out $(wildcard shared/tools/*.c),$(wildcard shared/*/*.c))

all: $(PROGRAMS:%=$(B)/%) $(B)/www/v1/openapi.json

$(B)/libpact.a: $(call obj,$(SHARED))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

define PROGRAM
$(B)/$(1): $(call obj,$(wildcard fcgi/$(1)/*.c)) $(B)/libpact.a
	$$(Q)echo '  LD $$@'; $$(LINK) -o $$@ $$^ $$(LIBS_$(1)) $$(BASELIBS) $$(LDLIBS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call PROGRAM,$(p))))

SAML_INCS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(SAML_PKGS) 2>/dev/null))
$(B)/obj/fcgi/saml/%.o: MORE := $(SAML_INCS)
SAML_TESTS := $(wildcard tests/unit/*saml*.c tests/fuzz/fuzz_saml*.c tests/bench/saml.c)
$(call obj,$(SAML_TESTS)): MORE := $(SAML_INCS)

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(Q)echo '  CC $<'; $(COMPILE) $(MORE) -MMD -MP -c -o $@ $<

# a changed flag rebuilds, like a changed source
$(B)/flags: FORCE
	@mkdir -p $(@D); echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' > $@

# ── made from the tables: the API document and a page for each problem ──
$(B)/gen: $(call obj,shared/tools/gen.c) $(B)/libpact.a
	$(Q)echo '  LD $@'; $(LINK) -o $@ $^ $(BASELIBS) $(LDLIBS)
$(B)/www/v1/openapi.json: $(B)/gen $(PROGRAMS:%=$(B)/%)
	@mkdir -p $(B)/www/v1 $(B)/www/problems
	@for p in $(PROGRAMS); do $(B)/$$p -R > $(B)/$$p.routes.json || exit 1; done
	$(B)/gen problems $(B)/www/problems
	$(B)/gen openapi $(VERSION) $(PROGRAMS:%=$(B)/%.routes.json) > $@.new && mv $@.new $@

# the smallest program that does the same work; scripts/bench measures against it
$(B)/floor: $(call obj,tests/bench/floor.c) $(B)/libpact.a
	$(Q)echo '  LD $@'; $(LINK) -o $@ $^ $(BASELIBS) $(LDLIBS)

# processor time of checking a token, for scripts/bench
$(B)/check: $(call obj,tests/bench/check.c) $(B)/libpact.a
	$(Q)echo '  LD $@'; $(LINK) -o $@ $^ $(BASELIBS) $(LDLIBS)

# ── tests ──
# whatever order prerequisites were named in, the library comes behind its users
OBJECTS = $(filter %.o,$^) $(filter %.a,$^)
# what of the program saml needs the frame
SAML_ROUTES := $(addprefix fcgi/saml/,main.c login.c slo.c check.c)
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
# the parsers of a program that unit tests and fuzz targets call directly
PARSERS := $(call obj,$(filter-out fcgi/crm/import_job.c,$(wildcard fcgi/crm/import_text.c fcgi/crm/import_csv.c fcgi/crm/import_vcard.c \
	fcgi/crm/import_map*.c fcgi/crm/import_row*.c fcgi/crm/import_time*.c fcgi/crm/multipart.c fcgi/audit/filter.c \
	fcgi/mail/message.c fcgi/mail/template.c fcgi/auth/jose.c fcgi/auth/breached.c fcgi/auth/dns.c fcgi/auth/seal.c fcgi/auth/keys.c \
	fcgi/auth/scim_path.c fcgi/auth/scim_attr.c)))
PARSER_LIBS := -lresolv
# SAML without a database, and an identity provider that lies: what its tests, fuzz targets, bench and tool are made of
SAML := $(call obj,$(filter-out $(SAML_ROUTES),$(wildcard fcgi/saml/*.c)))
FORGE := $(call obj,tests/unit/saml_forge.c tests/unit/saml_vectors.c)
$(B)/tests/test_saml $(B)/tests/test_saml_messages $(B)/tests/test_saml_providers $(B)/tests/saml_forge $(B)/bench/saml: \
	$(SAML) $(FORGE)
$(B)/tests/test_saml $(B)/tests/test_saml_messages $(B)/tests/test_saml_providers $(B)/fuzz/fuzz_saml_gate $(B)/fuzz/fuzz_saml_metadata \
	$(B)/bin/fuzz_saml_gate $(B)/bin/fuzz_saml_metadata: BASELIBS += $(LIBS_saml)
$(B)/fuzz/fuzz_saml_gate $(B)/fuzz/fuzz_saml_metadata $(B)/bin/fuzz_saml_gate $(B)/bin/fuzz_saml_metadata: $(SAML)
$(B)/tests/saml_forge: $(B)/obj/tests/unit/saml_tool.o $(B)/libpact.a
	@mkdir -p $(@D)
	$(Q)echo '  LD $@'; $(LINK) -o $@ $(OBJECTS) $(LIBS_saml) $(BASELIBS) $(LDLIBS)
$(B)/bench/saml: $(B)/obj/tests/bench/saml.o $(B)/libpact.a
	@mkdir -p $(@D)
	$(Q)echo '  LD $@'; $(LINK) -o $@ $(OBJECTS) $(LIBS_saml) $(BASELIBS) $(LDLIBS)

$(B)/tests/test_%: $(B)/obj/tests/unit/test_%.o $(PARSERS) $(B)/libpact.a
	@mkdir -p $(@D)
	$(Q)echo '  LD $@'; $(LINK) -o $@ $(OBJECTS) -lcmocka $(BASELIBS) $(PARSER_LIBS) -lcrypt $(LDLIBS)
check: all $(UNIT)
	@fail=0; for t in $(UNIT); do echo "# $$t"; $$t || fail=1; done; exit $$fail

FUZZ := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay.o $(PARSERS) $(B)/libpact.a
	@mkdir -p $(@D)
	$(Q)echo '  LD $@'; $(LINK) -o $@ $(OBJECTS) $(BASELIBS) $(PARSER_LIBS) $(LDLIBS)
replay: $(FUZZ:%=$(B)/fuzz/%)
	@fail=0; for f in $(FUZZ); do $(B)/fuzz/$$f tests/fuzz/corpus/$${f#fuzz_} || fail=1; done; exit $$fail
# make fuzz FUZZ_SECONDS=60: libFuzzer, one target after the other
FUZZ_SECONDS ?= 30
fuzz:
	$(MAKE) B=$(B)/libfuzzer CC=clang FORTIFY= CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link' fuzzers
	@for f in $(FUZZ); do mkdir -p $(B)/libfuzzer/new/$$f; $(B)/libfuzzer/bin/$$f -max_total_time=$(FUZZ_SECONDS) \
		$$(d=tests/fuzz/dict/$${f#fuzz_}.dict; test ! -e $$d || echo -dict=$$d) $(B)/libfuzzer/new/$$f tests/fuzz/corpus/$${f#fuzz_} || exit 1; done
fuzzers: $(FUZZ:%=$(B)/bin/%)
$(B)/bin/%: $(B)/obj/tests/fuzz/%.o $(PARSERS) $(B)/libpact.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $(OBJECTS) $(BASELIBS) $(PARSER_LIBS) $(LDLIBS)

asan:
	$(MAKE) B=$(B)/asan FORTIFY= LDFLAGS='-fsanitize=address,undefined' CPPFLAGS=-DARENA_POISON \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all' all
analyze:
	$(MAKE) B=$(B)/analyze CFLAGS='-O1 -fanalyzer -Werror' $(B)/analyze/libpact.a

# ── preload module of PostgreSQL: the context parameters ──
PG_SERVER_INC ?= $(firstword $(wildcard /usr/include/postgresql/15/server $(B)/pgdev/usr/include/postgresql/15/server))
preload: $(B)/pact_context.so
$(B)/pact_context.so: sql/preload/pact_context.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O2 -fPIC -shared -isystem $(PG_SERVER_INC) -o $@ $<

install: all
	install -d $(DESTDIR)$(PREFIX)/libexec/pact $(DESTDIR)$(PREFIX)/share/pact $(DESTDIR)$(PREFIX)/share/man/man8 \
		$(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 0755 $(PROGRAMS:%=$(B)/%) $(DESTDIR)$(PREFIX)/libexec/pact
	cp -r nginx sql $(DESTDIR)$(PREFIX)/share/pact
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/pact/scripts
	install -m 0755 scripts/migrate $(DESTDIR)$(PREFIX)/share/pact/scripts
	install -m 0755 scripts/pactctl $(DESTDIR)$(PREFIX)/bin
	cp -r $(B)/www $(DESTDIR)$(PREFIX)/share/pact/www-generated
	install -m 0644 fcgi/*/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -m 0644 fcgi/*/*.service fcgi/*/*.socket $(DESTDIR)$(PREFIX)/lib/systemd/system

clean:
	rm -rf $(B)
FORCE:
.PHONY: all check replay fuzz fuzzers asan analyze preload install clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell test -d $(B)/obj && find $(B)/obj -name '*.d')
