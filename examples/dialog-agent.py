#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An agent for Keybell that uses just the bus: a small window for each question (GTK 3, no tray).

It registers as exclusive agent, so Keybell's own notifier keeps still for every question that this one confirms to
show; when it ends, the notifier takes over again by itself. Needs python3-gi and gir1.2-gtk-3.0.
"""

import re
import signal

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
from gi.repository import Gdk, Gio, GLib, Gtk  # noqa: E402

NAME = "org.keybell.Keybell"
PATH = "/org/keybell/Approval"
INTERFACE = "org.keybell.Approval1"
HASTY_MS = 700  # a click so soon after a window came, went or got the focus was meant for something else


def from_left(text):
    """Names from the right stand each by itself, or they would draw what is behind them before them."""
    return "\n".join("\u200e" + re.sub("“([^”]*)”", "“\u2068\\1\u2069”", line) for line in text.split("\n"))


class Question(Gtk.Window):
    """One question. Deny is what Enter does; Escape and closing the window are no answer."""

    def __init__(self, agent, code, details):
        super().__init__(title="Keybell")
        self.agent, self.code = agent, code
        self.set_icon_name("dialog-password")
        self.set_keep_above(True)
        self.set_focus_on_map(False)  # somebody may be typing
        self.set_resizable(False)
        # Labels show plain text: what a client says is never markup.
        title = Gtk.Label(label=from_left(f"{details['title']} ({code})"), xalign=0, wrap=True, max_width_chars=60)
        body = Gtk.Label(label=from_left(details["body"]), xalign=0, wrap=True, max_width_chars=60, selectable=False)
        self.trouble = Gtk.Label(xalign=0, wrap=True, max_width_chars=60, no_show_all=True)
        self.allow = Gtk.Button(label="_Allow", use_underline=True, sensitive=False)
        self.allow.connect("clicked", lambda _: agent.answer(self, "allow"))
        deny = Gtk.Button(label="_Deny", use_underline=True, can_default=True)
        deny.connect("clicked", lambda _: agent.answer(self, "deny"))
        buttons = Gtk.ButtonBox(layout_style=Gtk.ButtonBoxStyle.END, spacing=8)
        buttons.add(self.allow)
        buttons.add(deny)
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12, margin=16)
        for child in (title, body, self.trouble, buttons):
            box.add(child)
        self.add(box)
        self.set_default(deny)
        self.set_focus(deny)
        self.connect("key-press-event", self.key_pressed)
        self.connect("map-event", self.came_up)
        self.connect("notify::is-active", lambda *_: agent.disarm())
        self.connect("configure-event", self.moved)
        self.connect("destroy", self.went)
        self.place = None
        self.show_all()

    def came_up(self, *_):
        self.agent.call("Shown", GLib.Variant("(s)", (self.code,)))
        self.agent.disarm()

    def moved(self, _, event):
        place = (event.x, event.y, event.width, event.height)
        if place != self.place:
            self.place = place
            self.agent.disarm()
        return False

    def went(self, _):
        # It comes back when the program asks again.
        self.agent.windows.pop(self.code, None)
        self.agent.disarm()

    def key_pressed(self, _, event):
        if event.keyval != Gdk.KEY_Escape:
            return bool(self.agent.arming)  # what is typed into a window that has just come up was meant for another
        self.destroy()
        return True

    def complain(self, text):
        self.trouble.set_text(text)
        self.trouble.show()


class Agent:
    """Follows the daemon, which may come and go, and keeps a window for each question that waits."""

    def __init__(self):
        self.windows = {}
        self.arming = 0  # the timer after which Allow can be pressed
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        for member, act in (("RequestAdded", self.added), ("RequestRemoved", self.removed)):
            # Only what the owner of the name says is heard.
            self.bus.signal_subscribe(
                NAME, INTERFACE, member, PATH, None, Gio.DBusSignalFlags.NONE,
                lambda *signal, act=act: act(*signal[5].unpack()),
            )
        Gio.bus_watch_name_on_connection(
            self.bus, NAME, Gio.BusNameWatcherFlags.NONE, lambda *_: self.came(), lambda *_: self.gone()
        )

    def disarm(self):
        """Windows lie over one another: whichever comes, goes or moves may put an Allow under a hand."""
        for window in self.windows.values():
            window.allow.set_sensitive(False)
        if self.arming:
            GLib.source_remove(self.arming)
        self.arming = GLib.timeout_add(HASTY_MS, self.arm)

    def arm(self):
        self.arming = 0
        for window in self.windows.values():
            window.allow.set_sensitive(True)
        return GLib.SOURCE_REMOVE

    def call(self, method, arguments, done=None):
        """Calls a method; `done` gets the answer, or the error."""

        def finish(bus, result):
            answer, error = None, None
            try:
                answer = bus.call_finish(result)
            except GLib.Error as problem:
                Gio.dbus_error_strip_remote_error(problem)
                error = problem.message
            if done:
                done(answer, error)

        self.bus.call(NAME, PATH, INTERFACE, method, arguments, None, Gio.DBusCallFlags.NO_AUTO_START, -1, None, finish)

    def came(self):
        options = {"exclusive": GLib.Variant("b", True)}
        self.call("RegisterAgent", GLib.Variant("(sa{sv})", ("dialog-agent", options)))
        self.call("ListRequests", None, lambda answer, _: self.list(answer))

    def gone(self):
        for code in list(self.windows):
            self.removed(code)

    def list(self, answer):
        for code, details in answer.unpack()[0].items() if answer else ():
            self.added(code, details)

    def added(self, code, details):
        if code not in self.windows:
            self.windows[code] = Question(self, code, details)

    def removed(self, code, _outcome=None):
        window = self.windows.pop(code, None)
        if window:
            window.destroy()

    def answer(self, window, decision):
        arguments = GLib.Variant("(ssa{sv})", (window.code, decision, {}))
        # The window goes with RequestRemoved; an answer that isn't taken says why.
        self.call("Answer", arguments, lambda _, error: error and window.complain(error))


if __name__ == "__main__":
    agent = Agent()
    for number in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, Gtk.main_quit)
    Gtk.main()
