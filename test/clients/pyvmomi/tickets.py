#!/usr/bin/python3
"""Acquires tickets of a running machine by unmodified pyVmomi, speaking version 4.1 of the API. Makes user "looker", who
may look at the machine's console, and user "blind", who may only know of it. Prints root's ticket as JSON.

usage: tickets.py --port P --password-file F --user-password W --vm NAME
"""
import argparse
import json

from pyVim import connect
from pyVmomi import vim

VERSION = "vim.version.version6"
READ = ["System.Anonymous", "System.View", "System.Read"]


def login(options, user, password):
    return connect.Connect(
        host="127.0.0.1", port=options.port, user=user, pwd=password, version=VERSION).RetrieveContent()


def machine(content, name):
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    return [vm for vm in view.view if vm.name == name][0]


def make_user(content, vm, name, password, privileges):
    posix = vim.host.LocalAccountManager.PosixAccountSpecification
    content.accountManager.CreateUser(posix(id=name, password=password, shellAccess=True))
    manager = content.authorizationManager
    role = manager.AddAuthorizationRole(name, privileges)
    permission = vim.AuthorizationManager.Permission(principal=name, group=False, roleId=role, propagate=False)
    manager.SetEntityPermissions(vm, [permission])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--user-password", required=True)
    parser.add_argument("--vm", required=True)
    options = parser.parse_args()
    with open(options.password_file) as file:
        root = login(options, "root", file.read().strip())
    vm = machine(root, options.vm)
    make_user(root, vm, "looker", options.user_password, READ + ["VirtualMachine.Interact.ConsoleInteract"])
    make_user(root, vm, "blind", options.user_password, READ)
    try:
        machine(login(options, "blind", options.user_password), options.vm).AcquireTicket("mks")
        raise SystemExit("blind acquired a ticket")
    except vim.fault.NoPermission:
        pass
    ticket = vm.AcquireTicket("mks")
    print(json.dumps({
        "ticket": ticket.ticket, "cfgFile": ticket.cfgFile, "port": ticket.port, "sslThumbprint": ticket.sslThumbprint}))


main()
