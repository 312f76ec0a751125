#!/usr/bin/python3
"""Makes accounts, roles and permissions by unmodified pyVmomi and checks who may do what. Prints one line per step;
exits 1 at a wrong one. Leaves user "oper" with the password on its own command line, and user "shellonly".

usage: access.py --port P --password-file F --user-password W
"""
import argparse
import sys

from pyVim import connect
from pyVmomi import vim, vmodl


def check(title, condition, detail=""):
    print("%s %s%s" % ("ok  " if condition else "FAIL", title, " (%s)" % (detail,) if detail != "" else ""))
    if not condition:
        sys.exit(1)


def fault_of(call, *args, **named):
    try:
        call(*args, **named)
        return None
    except vmodl.MethodFault as fault:
        return fault


def login(options, user, password):
    return connect.Connect(host="127.0.0.1", port=options.port, user=user, pwd=password)


def make_accounts(content, password):
    accounts = content.accountManager
    posix = vim.host.LocalAccountManager.PosixAccountSpecification
    accounts.CreateUser(posix(id="oper", password=password, description="An Operator", shellAccess=True))
    accounts.CreateUser(posix(id="shellonly", password=password, shellAccess=True))
    accounts.CreateGroup(posix(id="crew"))
    accounts.AssignUserToGroup("oper", "crew")
    again = fault_of(accounts.CreateUser, posix(id="oper"))
    check("a user is made once", isinstance(again, vim.fault.AlreadyExists), repr(again))
    hostile = fault_of(accounts.CreateUser, posix(id="-oroot:x"))
    check("a hostile name is refused", isinstance(hostile, vmodl.fault.InvalidArgument), repr(hostile))
    found = content.userDirectory.RetrieveUserGroups(
        searchStr="oper", exactMatch=True, findUsers=True, findGroups=False)
    check("the user is found", [one.principal for one in found] == ["oper"])
    check("with his name", found[0].fullName == "An Operator")
    groups = content.userDirectory.RetrieveUserGroups(
        searchStr="", belongsToUser="oper", exactMatch=False, findUsers=False, findGroups=True)
    check("and his groups", sorted(one.principal for one in groups) == ["crew", "oper"])


def give_role(content, vm):
    manager = content.authorizationManager
    role = manager.AddAuthorizationRole(
        "operator", ["VirtualMachine.Interact.PowerOn", "VirtualMachine.Interact.PowerOff"])
    manager.SetEntityPermissions(
        vm, [vim.AuthorizationManager.Permission(principal="crew", group=True, roleId=role, propagate=False)])
    return role


def use(content, vm_id):
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    check("the operator sees the machine", [vm._moId for vm in view.view] == [vm_id])
    vm = view.view[0]
    check("and reads it", vm.config.name == "linux")
    denied = fault_of(vm.ResetVM_Task)
    check("he may not reset it", isinstance(denied, vim.fault.NoPermission), repr(denied))
    check("and is told why", denied.privilegeId == "VirtualMachine.Interact.Reset")
    denied = fault_of(vm.ReconfigVM_Task, vim.vm.ConfigSpec(numCPUs=1))
    check("nor reconfigure it", isinstance(denied, vim.fault.NoPermission), repr(denied))
    check("the sessions are not shown", not hasattr_of(content.sessionManager, "sessionList"))
    task = vm.PowerOnVM_Task()
    check("he may power it on", task._moId.startswith("haTask-"), task._moId)


def hasattr_of(obj, name):
    try:
        return bool(getattr(obj, name))
    except vim.fault.NoPermission:
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--user-password", required=True)
    options = parser.parse_args()
    with open(options.password_file) as file:
        password = file.read().strip()
    root = login(options, "root", password)
    content = root.RetrieveContent()
    vm = content.searchIndex.FindByInventoryPath("ha-datacenter/vm/linux")
    make_accounts(content, options.user_password)
    denied = fault_of(login, options, "oper", options.user_password)
    check("without a permission no login", isinstance(denied, vim.fault.NoPermission), repr(denied))
    role = give_role(content, vm)
    wrong = fault_of(login, options, "oper", "wrong")
    check("a wrong password is no login", isinstance(wrong, vim.fault.InvalidLogin), repr(wrong))
    oper = login(options, "oper", options.user_password)
    use(oper.RetrieveContent(), vm._moId)
    names = [session.userName for session in content.sessionManager.sessionList]
    check("root sees both sessions", sorted(set(names)) == ["oper", "root"], names)
    last = fault_of(content.authorizationManager.RemoveEntityPermission, content.rootFolder, "root", False)
    check("the last administrator stays", isinstance(last, vim.fault.AuthMinimumAdminPermission), repr(last))
    content.authorizationManager.RemoveAuthorizationRole(role, False)
    gone = fault_of(oper.RetrieveContent().sessionManager.SetLocale, "en")
    check("what is taken away counts at once", isinstance(gone, vim.fault.NoPermission), repr(gone))
    connect.Disconnect(root)


main()
