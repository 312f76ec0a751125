#!/bin/sh
exec cat -- "$ESX_PASSWORD_FILE"
