"""Takes the keyboard from all windows, as a person does who goes on to another program.

    python3 take_focus.py
"""

import ctypes
import sys

NONE = 0
REVERT_TO_NONE = 0
CURRENT_TIME = 0

x11 = ctypes.CDLL("libX11.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
x11.XOpenDisplay.argtypes = [ctypes.c_char_p]
x11.XSetInputFocus.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_ulong]
x11.XCloseDisplay.argtypes = [ctypes.c_void_p]

display = x11.XOpenDisplay(None)
if not display:
    sys.exit("there is no display")
x11.XSetInputFocus(display, NONE, REVERT_TO_NONE, CURRENT_TIME)
x11.XCloseDisplay(display)
