#!/bin/sh
set -e

# dpkg says `remove` or `purge`, rpm how many versions are left.
case "$1" in
    remove | purge | 0)
        echo "Sirocco is removed. Conversations, settings and models stay with each user, in ~/.local/share/sirocco;"
        echo "models shared between data folders stay in ~/.cache/sirocco. Delete these folders to remove them too."
        ;;
esac
