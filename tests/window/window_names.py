"""Writes the names of the windows that are shown, a line each; signs outside ASCII may come out as others.

    python3 window_names.py

A driver knows windows by their pages, and a dialog of the system has none.
"""

import ctypes
import sys

VIEWABLE = 2

x11 = ctypes.CDLL("libX11.so.6")
Window = ctypes.c_ulong


class Attributes(ctypes.Structure):
    """XWindowAttributes, as far as its `map_state`, and room for the rest."""

    _fields_ = [
        ("place", ctypes.c_int * 5),
        ("visual", ctypes.c_void_p),
        ("root", Window),
        ("kinds", ctypes.c_int * 4),
        ("planes", ctypes.c_ulong * 2),
        ("save_under", ctypes.c_int),
        ("colormap", ctypes.c_ulong),
        ("map_installed", ctypes.c_int),
        ("map_state", ctypes.c_int),
        ("rest", ctypes.c_long * 16),
    ]


x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
x11.XDefaultRootWindow.restype = Window
x11.XDefaultRootWindow.argtypes = [ctypes.c_void_p]
x11.XQueryTree.argtypes = [ctypes.c_void_p, Window, *[ctypes.c_void_p] * 4]
x11.XGetWindowAttributes.argtypes = [ctypes.c_void_p, Window, ctypes.c_void_p]
x11.XFetchName.argtypes = [ctypes.c_void_p, Window, ctypes.c_void_p]

# A window may be gone once it is asked about; Xlib would end the process.
HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
ignore = HANDLER(lambda display, error: 0)
x11.XSetErrorHandler(ignore)


def main():
    display = x11.XOpenDisplay(None)
    if not display:
        sys.exit("there is no display")
    root, parent = Window(), Window()
    found, count = ctypes.POINTER(Window)(), ctypes.c_uint()
    x11.XQueryTree(display, x11.XDefaultRootWindow(display), *map(ctypes.byref, (root, parent, found, count)))
    for window in found[: count.value]:
        attributes, name = Attributes(), ctypes.c_char_p()
        x11.XGetWindowAttributes(display, window, ctypes.byref(attributes))
        x11.XFetchName(display, window, ctypes.byref(name))
        if attributes.map_state == VIEWABLE and name.value:
            print(name.value.decode("latin-1"))


main()
