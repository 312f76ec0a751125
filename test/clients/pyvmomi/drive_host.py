#!/usr/bin/python3
"""Drives a host by unmodified pyVmomi and checks what it says. Prints one line per step; exits 1 at a wrong one.

usage: drive_host.py --host H --port P --user U --password-file F [--register "[storage1] linux/linux.vmx"] [--read-only]
"""
import argparse
import datetime
import sys

from pyVim import connect
from pyVmomi import vim, vmodl


def check(title, condition, detail=""):
    print("%s %s%s" % ("ok  " if condition else "FAIL", title, " (%s)" % (detail,) if detail != "" else ""))
    if not condition:
        sys.exit(1)


def wait_for_task(content, task, timeout_updates=600):
    """Waits by a property filter, as the SDK's samples do; returns the final TaskInfo."""
    collector = content.propertyCollector
    spec = vmodl.query.PropertyCollector.FilterSpec(
        objectSet=[vmodl.query.PropertyCollector.ObjectSpec(obj=task)],
        propSet=[vmodl.query.PropertyCollector.PropertySpec(type=vim.Task, pathSet=["info"], all=False)],
    )
    task_filter = collector.CreateFilter(spec, True)
    try:
        version = ""
        for _ in range(timeout_updates):
            update = collector.WaitForUpdates(version)
            version = update.version
            if task.info.state in (vim.TaskInfo.State.success, vim.TaskInfo.State.error):
                return task.info
        raise RuntimeError("the task did not end")
    finally:
        task_filter.Destroy()


def walk(content, types):
    view = content.viewManager.CreateContainerView(content.rootFolder, types, True)
    try:
        return list(view.view)
    finally:
        view.Destroy()


def power_cycle(content, vm):
    if vm.runtime.powerState == vim.VirtualMachine.PowerState.poweredOn:
        info = wait_for_task(content, vm.PowerOffVM_Task())
        check("an earlier run is powered off", info.state == "success", info.error and info.error.msg or "")
    info = wait_for_task(content, vm.PowerOnVM_Task())
    check("PowerOnVM_Task succeeds", info.state == "success", info.error and info.error.msg or "")
    check("runtime.powerState is poweredOn", vm.runtime.powerState == "poweredOn")
    check("bootTime is set", vm.runtime.bootTime is not None)
    info = wait_for_task(content, vm.PowerOnVM_Task())
    check("a second PowerOn fails with InvalidPowerState", isinstance(info.error, vim.fault.InvalidPowerState))
    try:
        vm.UnregisterVM()
        check("UnregisterVM of a running VM is refused", False)
    except vim.fault.InvalidPowerState:
        check("UnregisterVM of a running VM is refused", True)
    info = wait_for_task(content, vm.ResetVM_Task())
    check("ResetVM_Task succeeds", info.state == "success", info.error and info.error.msg or "")
    info = wait_for_task(content, vm.PowerOffVM_Task())
    check("PowerOffVM_Task succeeds", info.state == "success", info.error and info.error.msg or "")
    check("runtime.powerState is poweredOff", vm.runtime.powerState == "poweredOff")


def register(content, path):
    datacenter = content.rootFolder.childEntity[0]
    pool = datacenter.hostFolder.childEntity[0].resourcePool
    known = [vm for vm in walk(content, [vim.VirtualMachine]) if vm.config.files.vmPathName == path]
    for vm in known:
        vm.UnregisterVM()
    info = wait_for_task(content, datacenter.vmFolder.RegisterVM_Task(path, None, False, pool, None))
    check("RegisterVM_Task succeeds", info.state == "success", info.error and info.error.msg or "")
    vm = info.result
    check("the registered VM names its file", vm.config.files.vmPathName == path, vm.config.files.vmPathName)
    info = wait_for_task(content, datacenter.vmFolder.RegisterVM_Task(path, None, False, pool, None))
    check("registering it again is AlreadyExists", isinstance(info.error, vim.fault.AlreadyExists))
    info = wait_for_task(content, datacenter.vmFolder.RegisterVM_Task("[storage1] no/such.vmx", None, False, pool, None))
    check("registering a missing file is a FileFault", isinstance(info.error, vim.fault.FileFault))
    return vm


def read_everything(content):
    """Reads all properties of all entities: each must be there, or be refused as not built."""
    for entity in walk(content, [vim.ManagedEntity]):
        for name in [p.name for p in entity._GetPropertyList()]:
            try:
                getattr(entity, name)
            except vmodl.fault.NotSupported:
                print("     %s.%s is not built" % (type(entity).__name__, name))
            except vmodl.query.InvalidProperty:
                pass  # newer than the version that both ends speak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=443)
    parser.add_argument("--user", default="root")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--register")
    parser.add_argument("--vm", default="linux")
    parser.add_argument("--read-only", action="store_true")
    args = parser.parse_args()
    with open(args.password_file) as file:
        password = file.read().strip()

    try:
        connect.SmartConnectNoSSL(host=args.host, port=args.port, user=args.user, pwd=password + "x")
        check("a wrong password is InvalidLogin", False)
    except vim.fault.InvalidLogin:
        check("a wrong password is InvalidLogin", True)

    instance = connect.SmartConnectNoSSL(host=args.host, port=args.port, user=args.user, pwd=password)
    content = instance.RetrieveContent()
    check("fullName", content.about.fullName == "VMware ESX Server 3.5.0 build-153875", content.about.fullName)
    check("productLineId", content.about.productLineId == "esx")
    session = content.sessionManager.currentSession
    check("currentSession is ours", session.userName == args.user, session.userName)
    clock = instance.CurrentTime()
    drift = abs((clock - datetime.datetime.now(clock.tzinfo)).total_seconds())
    check("CurrentTime is now", drift < 5, drift)

    names = sorted(type(entity).__name__ for entity in walk(content, [vim.ManagedEntity]))
    check("the tree has a host and a datastore", "vim.HostSystem" in names and "vim.Datastore" in names, names)
    datastore = walk(content, [vim.Datastore])[0]
    check("the datastore is accessible", datastore.summary.accessible and datastore.summary.capacity > 0)
    host = walk(content, [vim.HostSystem])[0]
    check("the host is connected", host.runtime.connectionState == "connected")
    check("the host has memory", host.hardware.memorySize > 0, host.hardware.memorySize)
    read_everything(content)
    try:
        datacenter = walk(content, [vim.Datacenter])[0]
        content.virtualDiskManager.ShrinkVirtualDisk_Task("[storage1] linux/linux.vmdk", datacenter, False)
        check("what is not built is NotSupported", False)
    except vmodl.fault.NotSupported:
        check("what is not built is NotSupported", True)

    if not args.read_only:
        vms = [vm for vm in walk(content, [vim.VirtualMachine]) if vm.name == args.vm]
        vm = register(content, args.register) if args.register else vms[0]
        check("its devices have the product's labels",
              "Keyboard " in [d.deviceInfo.label for d in vm.config.hardware.device])
        power_cycle(content, vm)
        found = content.searchIndex.FindByUuid(None, vm.config.uuid, True)
        check("FindByUuid finds it", found == vm)

    connect.Disconnect(instance)
    try:
        content.rootFolder.childEntity
        check("after Logout the inventory is closed", False)
    except vim.fault.NotAuthenticated:
        check("after Logout the inventory is closed", True)


if __name__ == "__main__":
    main()
