"""Asks the windows of a process to close, as a window manager does when their cross is clicked.

    python3 close_window.py PID

The display of the tests has no window manager, and a driver can only end a page or a process.
"""

import ctypes
import sys

CLIENT_MESSAGE = 33
ANY_TYPE = 0

x11 = ctypes.CDLL("libX11.so.6")
Window = ctypes.c_ulong
Atom = ctypes.c_ulong


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent, in the room of an XEvent."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", Window),
        ("message_type", Atom),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 12),
    ]


def declare(name, result, *arguments):
    function = getattr(x11, name)
    function.restype, function.argtypes = result, arguments
    return function


open_display = declare("XOpenDisplay", ctypes.c_void_p, ctypes.c_char_p)
root_of = declare("XDefaultRootWindow", Window, ctypes.c_void_p)
intern = declare("XInternAtom", Atom, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
query_tree = declare("XQueryTree", ctypes.c_int, ctypes.c_void_p, Window, *[ctypes.c_void_p] * 4)
get_property = declare(
    "XGetWindowProperty", ctypes.c_int, ctypes.c_void_p, Window, Atom, ctypes.c_long, ctypes.c_long,
    ctypes.c_int, Atom, *[ctypes.c_void_p] * 5,
)
send_event = declare(
    "XSendEvent", ctypes.c_int, ctypes.c_void_p, Window, ctypes.c_int, ctypes.c_long, ctypes.c_void_p
)
close_display = declare("XCloseDisplay", ctypes.c_int, ctypes.c_void_p)


def children(display, window):
    """The windows directly inside one."""
    root, parent = Window(), Window()
    found, count = ctypes.POINTER(Window)(), ctypes.c_uint()
    query_tree(display, window, *map(ctypes.byref, (root, parent, found, count)))
    return [found[index] for index in range(count.value)]


def numbers(display, window, name):
    """A property of 32-bit items; Xlib gives each the room of a long."""
    kind, width, count, left = Atom(), ctypes.c_int(), ctypes.c_ulong(), ctypes.c_ulong()
    items = ctypes.POINTER(ctypes.c_ulong)()
    results = map(ctypes.byref, (kind, width, count, left, items))
    get_property(display, window, intern(display, name, False), 0, 64, False, ANY_TYPE, *results)
    return [items[index] for index in range(count.value)] if width.value == 32 else []


def main(process):
    display = open_display(None)
    if not display:
        sys.exit("there is no display")
    protocols = intern(display, b"WM_PROTOCOLS", False)
    delete = intern(display, b"WM_DELETE_WINDOW", False)
    closed = 0
    for window in children(display, root_of(display)):
        if numbers(display, window, b"_NET_WM_PID") != [process]:
            continue
        if delete not in numbers(display, window, b"WM_PROTOCOLS"):
            continue
        event = ClientMessage(type=CLIENT_MESSAGE, window=window, message_type=protocols, format=32)
        event.data[0] = delete
        send_event(display, window, False, 0, ctypes.byref(event))
        closed += 1
    close_display(display)
    if closed == 0:
        sys.exit(f"process {process} has no window")


main(int(sys.argv[1]))
