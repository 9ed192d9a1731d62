#!/bin/sh
exec setpriv --bounding-set=-net_admin --inh-caps=-net_admin nft "$@"
