# SPDX-License-Identifier: Apache-2.0
# `make run` tries Keybell on this machine, `make check` tests what needs nothing else, `make test` all of it,
# `make install PREFIX=…` puts it in place.

PREFIX ?= /usr/local
DESTDIR ?=
CONFIG ?= debug
SWIFT ?= swift
# An import that Package.swift doesn't list for its module is an error: modules import one way.
BUILD_FLAGS = --explicit-target-dependency-import-check error

bindir = $(PREFIX)/bin
unitdir = $(PREFIX)/lib/systemd/user
servicesdir = $(PREFIX)/share/dbus-1/services
interfacesdir = $(PREFIX)/share/dbus-1/interfaces
completiondir = $(PREFIX)/share
applicationsdir = $(PREFIX)/share/applications
metainfodir = $(PREFIX)/share/metainfo
mandir = $(PREFIX)/share/man
iconsdir = $(PREFIX)/share/icons/hicolor
# What `make release` has made and `make install` copies: the programs, their completions and manual pages.
dist = .build/dist
programs = keybelld keybell git-credential-keybell
interfaces = org.keybell.Approval1 org.keybell.Clients1 org.keybell.Configuration1 org.keybell.Vaults1
manuals = man1/keybell.1 man1/git-credential-keybell.1 man5/keybell.toml.5 man8/keybelld.8 $(interfaces:%=man7/%.7)

BUILD_PACKAGES = libargon2-dev libdbus-1-dev libgcrypt20-dev libidn2-dev libpcre2-dev libpsl-dev libsecret-1-dev libssl-dev libxml2-dev pkg-config python3 zlib1g-dev
RUN_PACKAGES = dbus gnome-keyring libsecret-tools
TEST_PACKAGES = $(RUN_PACKAGES) acl attr binutils curl desktop-file-utils dunst fish fzf gcr gir1.2-gtk-3.0 git jq kdialog keepassxc libglib2.0-bin libkf5wallet-bin libnotify-bin libqca-qt5-2-plugins lxqt-notificationd mako-notifier mandoc mate-notification-daemon mate-screensaver notification-daemon openbox openssl pinentry-curses pinentry-gtk2 procps python3 python3-dbusmock python3-gi python3-venv rofi strace sway systemd tmux util-linux valgrind x11-xkb-utils xdotool xfce4-notifyd xvfb zenity zsh
BENCHMARK_PACKAGES = $(RUN_PACKAGES) python3 strace util-linux valgrind
DESKTOP_PACKAGES = $(TEST_PACKAGES) gjs gnome-shell imagemagick kactivitymanagerd kwin-x11 plasma-desktop plasma-workspace
DEB_PACKAGES = appstream debhelper dpkg-dev lintian
SCREENSHOT_PACKAGES = $(DESKTOP_PACKAGES) grim

.PHONY: build release run test check check-desktops benchmark fuzz screenshots lint install uninstall deb check-package clean
.PHONY: benchmark-packages build-packages run-packages test-packages desktop-packages screenshot-packages deb-packages package-packages

build: build-packages
	$(SWIFT) build -c $(CONFIG) $(BUILD_FLAGS)

# Optimized builds of their own; programs and fuzzer have the libraries' C code in common, which takes longest to compile.
OPTIMIZED = -c release --scratch-path .build/optimized -Xcc -fstack-protector-strong -Xcxx -fstack-protector-strong
# Swift's runtime is linked in, so that what is installed needs no toolchain; packaging/check-programs.sh says what else
# becomes of the programs.
RELEASE_BUILD = $(SWIFT) build $(BUILD_FLAGS) $(OPTIMIZED) --static-swift-stdlib --disable-local-rpath \
	-Xlinker -z -Xlinker now -Xlinker -z -Xlinker relro -Xlinker -s

release: build-packages
	$(RELEASE_BUILD)
	@bin="$$($(RELEASE_BUILD) --show-bin-path)" && mkdir -p $(dist) && \
	cp $(programs:%="$$bin/%") $(dist)/ && packaging/check-programs.sh $(programs:%=$(dist)/%)
	for shell in bash zsh fish; do $(dist)/keybell --generate-completion-script $$shell | sed '1{/^#!/d}' >$(dist)/keybell.$$shell || exit 1; done
	packaging/make-manuals.sh $(dist) $(interfaces)

run: run-packages build
	@bin="$$($(SWIFT) build -c $(CONFIG) --show-bin-path)" && exec examples/walk.sh "$$bin"

# The modules whose tests need no bus, no keyring and no display: the build packages are enough for them.
CHECKED = Approval Audit Ciphers ConcurrencyTools Daemon DisplayText Gzip JSON KDBX KeePassHTTP Linux Operations \
	PublicSuffixes SafeRegex SecureMemory Settings UnicodeText Vault XMLTree

# The test bundle and what it needs, which leaves the servers and the programs out.
check: build-packages
	KEYBELL_TESTS="$(CHECKED)" $(SWIFT) build $(BUILD_FLAGS) --product keybellPackageTests
	KEYBELL_TESTS="$(CHECKED)" $(SWIFT) test --skip-build --experimental-maximum-parallelization-width 4

# The lint is cheap and speaks first. Four tests at a time: more would time each other out on a small machine, for most
# start a bus, a keyring and the daemon of their own. They look at the released programs, too, whose costs per request
# are compared before. Last, 20 s of each fuzz target.
test: test-packages build-packages lint release
	.ci/check-manuals.py $(dist)/man
	.ci/check-costs.py
	$(SWIFT) build --build-tests $(BUILD_FLAGS)
	SWIFT=$(SWIFT) .ci/check-unused.py
	$(SWIFT) test --skip-build --experimental-maximum-parallelization-width 4
	$(MAKE) fuzz FUZZ_OPTIONS="-max_total_time=20 -seed=1"

# Whole desktops in front of the notifier, GNOME Shell and Plasma: some 700 MB of packages, so not part of `make test`.
check-desktops: desktop-packages build-packages
	KEYBELL_TESTS=Notifier $(SWIFT) build --build-tests $(BUILD_FLAGS)
	KEYBELL_TESTS=Notifier KEYBELL_CHECK_DESKTOPS=1 $(SWIFT) test --skip-build --filter DesktopShellTests

# The released programs beside a bare server: docs/performance.md. WRITE=1 puts the tables there.
BENCHMARK_OPTIONS =

benchmark: benchmark-packages build-packages
	KEYBELL_BENCHMARKS=1 $(RELEASE_BUILD)
	@bin="$$($(RELEASE_BUILD) --show-bin-path)" && "$$bin/KeybellBenchmarks" && \
	Benchmarks/measure.py "$$bin" $(if $(WRITE),--write) $(BENCHMARK_OPTIONS)

# Feeds each target, or those of FUZZ, for so many seconds, beginning with what is in Fuzz/Corpus; what is found lies in
# .build/fuzz. `make fuzz FUZZ_OPTIONS=-runs=1000000` counts runs. Testability, since what is worth feeding is not always
# what other modules see.
FUZZ =
FUZZ_SECONDS = 60
FUZZ_OPTIONS = -max_total_time=$(FUZZ_SECONDS)
FUZZ_BUILD = FUZZING=1 $(SWIFT) build $(OPTIMIZED) --product KeybellFuzzer -Xswiftc -sanitize=fuzzer -Xswiftc -enable-testing

fuzz: build-packages
	$(FUZZ_BUILD)
	@Fuzz/run.sh "$$($(FUZZ_BUILD) --show-bin-path)/KeybellFuzzer" .build/fuzz $(FUZZ:%=-a %) $(FUZZ_OPTIONS)

# The questions as each notification server draws them, into examples/screenshots.
screenshots: screenshot-packages build
	@bin="$$($(SWIFT) build -c $(CONFIG) --show-bin-path)" && examples/screenshots.sh "$$bin"

lint:
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks Fuzz
	SWIFT=$(SWIFT) .ci/check-imports.py
	.ci/check-names.py
	.ci/check-docs.py
	.ci/check-version.py

# Builds nothing, for root has no Swift; and the same modes whatever root's umask is.
install:
	@test -x $(dist)/keybelld || { echo "There is nothing to install yet: run \`make release\` first, as yourself." >&2; exit 1; }
	install -d -m755 "$(DESTDIR)$(bindir)" "$(DESTDIR)$(unitdir)" "$(DESTDIR)$(servicesdir)" "$(DESTDIR)$(interfacesdir)"
	install -m755 $(programs:%=$(dist)/%) "$(DESTDIR)$(bindir)/"
	sed 's|/usr/bin/keybell|$(bindir)/keybell|' systemd/keybell.service | install -m644 /dev/stdin "$(DESTDIR)$(unitdir)/keybell.service"
	install -m644 systemd/keybell.socket "$(DESTDIR)$(unitdir)/"
	install -m644 dbus/org.keybell.Keybell.service "$(DESTDIR)$(servicesdir)/"
	install -m644 dbus/org.keybell.*1.xml "$(DESTDIR)$(interfacesdir)/"
	install -Dm644 packaging/org.keybell.Keybell.desktop "$(DESTDIR)$(applicationsdir)/org.keybell.Keybell.desktop"
	install -Dm644 packaging/org.keybell.Keybell.metainfo.xml "$(DESTDIR)$(metainfodir)/org.keybell.Keybell.metainfo.xml"
	install -Dm644 packaging/icons/org.keybell.Keybell.svg "$(DESTDIR)$(iconsdir)/scalable/apps/org.keybell.Keybell.svg"
	install -Dm644 packaging/icons/org.keybell.Keybell-symbolic.svg "$(DESTDIR)$(iconsdir)/symbolic/apps/org.keybell.Keybell-symbolic.svg"
	install -Dm644 $(dist)/keybell.bash "$(DESTDIR)$(completiondir)/bash-completion/completions/keybell"
	install -Dm644 $(dist)/keybell.zsh "$(DESTDIR)$(completiondir)/zsh/site-functions/_keybell"
	install -Dm644 $(dist)/keybell.fish "$(DESTDIR)$(completiondir)/fish/vendor_completions.d/keybell.fish"

	for page in $(dist)/man/*; do install -Dm644 $$page "$(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/}" || exit 1; done

uninstall:
	rm -f $(programs:%="$(DESTDIR)$(bindir)/%")
	rm -f "$(DESTDIR)$(unitdir)/keybell.service" "$(DESTDIR)$(unitdir)/keybell.socket"
	rm -f "$(DESTDIR)$(servicesdir)/org.keybell.Keybell.service" "$(DESTDIR)$(interfacesdir)"/org.keybell.*1.xml
	rm -f "$(DESTDIR)$(applicationsdir)/org.keybell.Keybell.desktop" "$(DESTDIR)$(iconsdir)/scalable/apps/org.keybell.Keybell.svg" "$(DESTDIR)$(iconsdir)/symbolic/apps/org.keybell.Keybell-symbolic.svg"
	rm -f "$(DESTDIR)$(completiondir)/bash-completion/completions/keybell" "$(DESTDIR)$(completiondir)/zsh/site-functions/_keybell" "$(DESTDIR)$(completiondir)/fish/vendor_completions.d/keybell.fish"

	rm -f "$(DESTDIR)$(metainfodir)/org.keybell.Keybell.metainfo.xml"
	rm -f $(manuals:%="$(DESTDIR)$(mandir)/%")

# A package for Debian 12, in .build/deb.
deb: deb-packages release
	packaging/make-deb.sh
	appstreamcli validate --no-net packaging/org.keybell.Keybell.metainfo.xml
	lintian --fail-on error,warning .build/deb/keybell_*.changes

# Has it installed, used and removed on a Debian 12 of its own, by debootstrap; as root.
check-package: package-packages deb
	packaging/check-package.sh .build/deb/keybell_*.deb

clean:
	$(SWIFT) package clean

# Installs the Debian packages that are missing, and only those; on another distribution it says which they are.
define install-packages
	@missing=""; for p in $(1); do dpkg-query -W -f='$${db:Status-Abbrev}' $$p 2>/dev/null | grep -q '^ii' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
		command -v apt-get >/dev/null || { echo "These packages (Debian's names) are needed:$$missing" >&2; exit 1; }; \
		echo "Installing:$$missing"; \
		root=""; [ "$$(id -u)" = 0 ] || root=sudo; \
		$$root apt-get update -qq && $$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
endef

build-packages:
	$(call install-packages,$(BUILD_PACKAGES))

run-packages:
	$(call install-packages,$(RUN_PACKAGES))

test-packages:
	$(call install-packages,$(TEST_PACKAGES))

benchmark-packages:
	$(call install-packages,$(BENCHMARK_PACKAGES))

desktop-packages:
	$(call install-packages,$(DESKTOP_PACKAGES))

screenshot-packages:
	$(call install-packages,$(SCREENSHOT_PACKAGES))

deb-packages:
	$(call install-packages,$(DEB_PACKAGES))

package-packages:
	$(call install-packages,debootstrap)
