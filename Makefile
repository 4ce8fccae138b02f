# SPDX-License-Identifier: Apache-2.0
# `make run` tries Keybell on this machine, `make test` proves it, `make install PREFIX=…` puts it in place.

PREFIX ?= /usr/local
DESTDIR ?=
CONFIG ?= debug
SWIFT ?= swift
# An import that has no arrow in Package.swift is an error: the rooms stay one-way.
BUILD_FLAGS = --explicit-target-dependency-import-check error

bindir = $(PREFIX)/bin
unitdir = $(PREFIX)/lib/systemd/user
servicesdir = $(PREFIX)/share/dbus-1/services
interfacesdir = $(PREFIX)/share/dbus-1/interfaces
completiondir = $(PREFIX)/share
applicationsdir = $(PREFIX)/share/applications
iconsdir = $(PREFIX)/share/icons/hicolor

BUILD_PACKAGES = libargon2-dev libdbus-1-dev libgcrypt20-dev libidn2-dev libpcre2-dev libpsl-dev libsecret-1-dev libssl-dev libxml2-dev pkg-config zlib1g-dev
RUN_PACKAGES = dbus gnome-keyring libsecret-tools
TEST_PACKAGES = $(RUN_PACKAGES) acl attr curl desktop-file-utils dunst fzf gcr gir1.2-gtk-3.0 jq kdialog keepassxc libglib2.0-bin libkf5wallet-bin libnotify-bin libqca-qt5-2-plugins lxqt-notificationd mako-notifier mate-notification-daemon mate-screensaver notification-daemon openbox openssl pinentry-gtk2 procps python3 python3-dbusmock python3-gi python3-venv rofi sway systemd tmux util-linux xdotool xfce4-notifyd xvfb zenity
DESKTOP_PACKAGES = $(TEST_PACKAGES) gnome-shell imagemagick kactivitymanagerd kwin-x11 plasma-desktop plasma-workspace
SCREENSHOT_PACKAGES = $(TEST_PACKAGES) grim imagemagick

.PHONY: build release run test check-desktops benchmark fuzz screenshots lint install uninstall clean
.PHONY: build-packages run-packages test-packages desktop-packages screenshot-packages

build: build-packages
	$(SWIFT) build -c $(CONFIG) $(BUILD_FLAGS)

release:
	$(MAKE) build CONFIG=release

run: run-packages build
	@bin="$$($(SWIFT) build -c $(CONFIG) --show-bin-path)" && exec examples/walk.sh "$$bin"

# The lint is cheap and speaks first. Four tests at a time: more would time each other out on a small machine, for most
# start a bus, a keyring and the daemon of their own.
test: test-packages build-packages lint
	$(SWIFT) build --build-tests $(BUILD_FLAGS)
	$(SWIFT) test --skip-build --experimental-maximum-parallelization-width 4

# Whole desktops in front of the notifier, GNOME Shell and Plasma: some 700 MB of packages, so not part of `make test`.
check-desktops: desktop-packages build-packages
	KEYBELL_TESTS=Notifier $(SWIFT) build --build-tests $(BUILD_FLAGS)
	KEYBELL_TESTS=Notifier KEYBELL_CHECK_DESKTOPS=1 $(SWIFT) test --skip-build --filter DesktopShellTests

# Ratios in one run, in a build folder of its own so that the daemon's stays as it is.
benchmark: build-packages
	KEYBELL_BENCHMARKS=1 $(SWIFT) run -c release --scratch-path .build/benchmarks KeybellBenchmarks

# Feeds each target, or those of FUZZ, for so many seconds; what is found lies in .build/fuzz as crash-… or leak-….
# Testability, since what is worth feeding is not always what other rooms see.
FUZZ = address content dictionary file json keyfile message reply request xml
FUZZ_SECONDS = 60
FUZZ_BUILD = FUZZING=1 $(SWIFT) build -c release --product KeybellFuzzer --scratch-path .build/fuzzer -Xswiftc -sanitize=fuzzer -Xswiftc -enable-testing

fuzz: build-packages
	$(FUZZ_BUILD)
	@mkdir -p .build/fuzz
	@fuzzer="$$($(FUZZ_BUILD) --show-bin-path)/KeybellFuzzer" && for target in $(FUZZ); do \
	  "$$fuzzer" $$target .build/fuzz/corpus-$$target -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 -rss_limit_mb=2048 -artifact_prefix=.build/fuzz/$$target- || exit 1; \
	done

# The questions as each notification server draws them, into examples/screenshots.
screenshots: screenshot-packages build
	@bin="$$($(SWIFT) build -c $(CONFIG) --show-bin-path)" && examples/screenshots.sh "$$bin"

lint:
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests Benchmarks Fuzz

install: release
	@bin="$$($(SWIFT) build -c release --show-bin-path)" && set -x && \
	install -Dm755 "$$bin/keybelld" "$(DESTDIR)$(bindir)/keybelld" && \
	install -Dm755 "$$bin/keybell" "$(DESTDIR)$(bindir)/keybell"
	install -d "$(DESTDIR)$(unitdir)" "$(DESTDIR)$(servicesdir)" "$(DESTDIR)$(interfacesdir)"
	sed 's|/usr/bin/keybelld|$(bindir)/keybelld|' systemd/keybell.service > "$(DESTDIR)$(unitdir)/keybell.service"
	install -m644 systemd/keybell.socket "$(DESTDIR)$(unitdir)/keybell.socket"
	install -m644 dbus/org.keybell.Keybell.service "$(DESTDIR)$(servicesdir)/org.keybell.Keybell.service"
	install -m644 dbus/org.keybell.*1.xml "$(DESTDIR)$(interfacesdir)/"
	install -Dm644 packaging/org.keybell.Keybell.desktop "$(DESTDIR)$(applicationsdir)/org.keybell.Keybell.desktop"
	install -Dm644 packaging/icons/org.keybell.Keybell.svg "$(DESTDIR)$(iconsdir)/scalable/apps/org.keybell.Keybell.svg"
	install -Dm644 packaging/icons/org.keybell.Keybell-symbolic.svg "$(DESTDIR)$(iconsdir)/symbolic/apps/org.keybell.Keybell-symbolic.svg"
	@bin="$$($(SWIFT) build -c release --show-bin-path)" && \
	install -d "$(DESTDIR)$(completiondir)/bash-completion/completions" "$(DESTDIR)$(completiondir)/zsh/site-functions" "$(DESTDIR)$(completiondir)/fish/vendor_completions.d" && \
	"$$bin/keybell" --generate-completion-script bash > "$(DESTDIR)$(completiondir)/bash-completion/completions/keybell" && \
	"$$bin/keybell" --generate-completion-script zsh > "$(DESTDIR)$(completiondir)/zsh/site-functions/_keybell" && \
	"$$bin/keybell" --generate-completion-script fish > "$(DESTDIR)$(completiondir)/fish/vendor_completions.d/keybell.fish"

uninstall:
	rm -f "$(DESTDIR)$(bindir)/keybelld" "$(DESTDIR)$(bindir)/keybell"
	rm -f "$(DESTDIR)$(unitdir)/keybell.service" "$(DESTDIR)$(unitdir)/keybell.socket"
	rm -f "$(DESTDIR)$(servicesdir)/org.keybell.Keybell.service" "$(DESTDIR)$(interfacesdir)"/org.keybell.*1.xml
	rm -f "$(DESTDIR)$(applicationsdir)/org.keybell.Keybell.desktop" "$(DESTDIR)$(iconsdir)/scalable/apps/org.keybell.Keybell.svg" "$(DESTDIR)$(iconsdir)/symbolic/apps/org.keybell.Keybell-symbolic.svg"
	rm -f "$(DESTDIR)$(completiondir)/bash-completion/completions/keybell" "$(DESTDIR)$(completiondir)/zsh/site-functions/_keybell" "$(DESTDIR)$(completiondir)/fish/vendor_completions.d/keybell.fish"

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

desktop-packages:
	$(call install-packages,$(DESKTOP_PACKAGES))

screenshot-packages:
	$(call install-packages,$(SCREENSHOT_PACKAGES))
