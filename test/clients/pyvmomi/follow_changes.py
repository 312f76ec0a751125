#!/usr/bin/python3
"""Follows a host's changes by unmodified pyVmomi: filters, partial updates, views and searches, each checked against
the host's files and processes. Prints one line per step; exits 1 at a wrong one.

usage: follow_changes.py --root DIR --port P --password-file F --register "[storage1] linux/linux.vmx"
"""
import argparse
import os
import re
import sys
import threading
import time

from pyVim import connect
from pyVmomi import vim, vmodl

Collector = vmodl.query.PropertyCollector


def check(title, condition, detail=""):
    print("%s %s%s" % ("ok  " if condition else "FAIL", title, " (%s)" % (detail,) if detail != "" else ""))
    if not condition:
        sys.exit(1)


def fails_with(fault, call):
    try:
        call()
        return False
    except fault:
        return True


class Files:
    """What the host keeps, seen from outside of it."""

    def __init__(self, root):
        self.root = root

    def registered(self):
        """moid by .vmx path, as vmInventory.xml has them."""
        path = os.path.join(self.root, "console/etc/vmware/hostd/vmInventory.xml")
        if not os.path.exists(path):
            return {}
        with open(path) as file:
            text = file.read()
        pairs = re.findall(r"<objID>(\d+)</objID>\s*<vmxCfgPath>([^<]*)</vmxCfgPath>", text)
        return {vmx: moid for moid, vmx in pairs}

    def vmx(self, name):
        """Settings of a .vmx file on the first datastore."""
        with open(os.path.join(self.root, "datastores/storage1", name)) as file:
            return dict(re.findall(r'^([\w.:]+) *= *"(.*)"$', file.read(), re.M))

    def machines(self):
        """Pids of the vmware-vmx processes that this host's VMkernel has started."""
        return [pid for pid in filter(str.isdigit, os.listdir("/proc"))
                if "vmware-vmx" in command_line(pid) and self.root in command_line(parent(pid))]


def command_line(pid):
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def parent(pid):
    try:
        with open("/proc/%s/stat" % pid) as file:
            return file.read().rpartition(")")[2].split()[1]
    except OSError:
        return "0"


class Follower:
    """A collector of its own, one filter, and the version it has seen."""

    def __init__(self, content, spec, partial):
        self.collector = content.propertyCollector.CreatePropertyCollector()
        self.filter = self.collector.CreateFilter(spec, partial)
        self.version = ""

    def wait(self, seconds, version=None):
        """(kind, object, {name: (op, value)}) of each update; [] when there was none in that time."""
        options = Collector.WaitOptions(maxWaitSeconds=seconds)
        update = self.collector.WaitForUpdatesEx(self.version if version is None else version, options)
        if update is None:
            return []
        self.version = update.version
        return [(one.kind, one.obj, {c.name: (c.op, c.val) for c in one.changeSet})
                for part in update.filterSet for one in part.objectSet]

    def until(self, title, is_it):
        """Waits for an update that the condition holds for; returns its changes."""
        for _ in range(60):
            for kind, obj, changes in self.wait(30):
                if is_it(kind, obj, changes):
                    return changes
        check(title, False, "never told")


def view_spec(view, kind, paths):
    through = Collector.TraversalSpec(type=vim.view.ManagedObjectView, path="view", skip=False)
    return Collector.FilterSpec(
        objectSet=[Collector.ObjectSpec(obj=view, skip=True, selectSet=[through])],
        propSet=[Collector.PropertySpec(type=kind, pathSet=paths, all=False)],
    )


def in_background(call):
    """Runs the call in a thread; join(seconds) gives what it raised or returned, None while it runs."""
    outcome = []

    def run():
        try:
            outcome.append(call())
        except Exception as error:  # handed to the caller
            outcome.append(error)
    thread = threading.Thread(target=run)
    thread.start()

    def join(seconds):
        thread.join(seconds)
        return outcome[0] if outcome else None
    return join


def finish(task):
    while task.info.state not in (vim.TaskInfo.State.success, vim.TaskInfo.State.error):
        time.sleep(0.05)
    check("%s succeeds" % task.info.descriptionId, task.info.state == "success",
          task.info.error.msg if task.info.error else "")
    return task.info.result


def follow_machines(content, files, path):
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    paths = ["name", "runtime", "config.hardware.device", "config.uuid"]
    follower = Follower(content, view_spec(view, vim.VirtualMachine, paths), True)
    check("nothing is told while there is nothing", follower.wait(0) == [])
    datacenter = content.rootFolder.childEntity[0]
    pool = datacenter.hostFolder.childEntity[0].resourcePool
    task = datacenter.vmFolder.RegisterVM_Task(path, None, False, pool, None)
    entered = follower.until("a registered machine enters", lambda kind, obj, changes: kind == "enter")
    vm = finish(task)
    vmx = files.vmx("linux/linux.vmx")
    check("its name is the file's", entered["name"] == ("assign", vmx["displayName"]), entered["name"])
    wanted = vmx["uuid.bios"].replace(" ", "").replace("-", "")
    check("its UUID is the file's", entered["config.uuid"][1].replace("-", "") == wanted)
    [(vmx_path, moid)] = files.registered().items()
    check("vmInventory.xml has it", moid == vm._moId and vmx_path.endswith("/linux/linux.vmx"), vmx_path)
    return view, follower, vm


def follow_power(follower, files, vm):
    check("no machine runs", files.machines() == [])
    before = follower.version
    task = vm.PowerOnVM_Task()
    told = follower.until("the power state is told",
                          lambda kind, obj, changes: obj == vm and "runtime.powerState" in changes)
    check("by its own path", told["runtime.powerState"] == ("assign", "poweredOn") and "runtime" not in told, sorted(told))
    check("when there is a process", len(files.machines()) == 1, files.machines())
    finish(task)
    for _ in range(20):
        last = follower.version
        if not follower.wait(1):
            break
        before = last
    again = follower.wait(0, before)
    check("the last update is told again", again == follower.wait(0, before) and again != [])
    check("an older version is unknown", fails_with(vmodl.query.InvalidCollectorVersion, lambda: follower.wait(0, "0")))
    devices = [name for name in told if name.startswith("config.hardware.device[")]
    print("     devices told by key with it: %s" % devices)
    finish(vm.PowerOffVM_Task())
    follower.until("power-off is told",
                   lambda kind, obj, changes: changes.get("runtime.powerState") == ("assign", "poweredOff"))
    check("when the process is gone", files.machines() == [])


def cancel(content, host_spec):
    follower = Follower(content, host_spec, False)
    follower.wait(0)
    while follower.wait(1):
        pass
    waiting = in_background(lambda: follower.collector.WaitForUpdates(follower.version))
    ended = None
    for _ in range(100):
        follower.collector.CancelWaitForUpdates()  # perhaps before the wait has begun
        ended = ended or waiting(0.3)
        if ended is not None:
            break
    check("CancelWaitForUpdates ends the wait", isinstance(ended, vmodl.fault.RequestCanceled), type(ended).__name__)
    follower.collector.Destroy()
    check("a destroyed collector is no more",
          fails_with(vmodl.fault.ManagedObjectNotFound, lambda: follower.wait(0)))


def terminate(content, log_in, spec_of):
    other = log_in().RetrieveContent()
    key = other.sessionManager.currentSession.key
    follower = Follower(other, spec_of(other), False)
    follower.wait(0)
    waiting = in_background(lambda: follower.until("nothing", lambda *_: False))
    content.sessionManager.TerminateSession([key])
    ended = waiting(60)
    check("a wait in a terminated session ends", isinstance(ended, vim.fault.NotAuthenticated), type(ended).__name__)


def parts(content, view):
    spec = view_spec(view, vim.ManagedEntity, ["name"])
    whole = content.propertyCollector.RetrieveProperties([spec])
    result = content.propertyCollector.RetrievePropertiesEx([spec], Collector.RetrieveOptions(maxObjects=3))
    names = []
    while True:
        check("at most three objects come at a time", len(result.objects) <= 3)
        names += [one.obj for one in result.objects]
        if not result.token:
            break
        result = content.propertyCollector.ContinueRetrievePropertiesEx(result.token)
    check("all of them come in parts", names == [one.obj for one in whole] and len(names) > 6, len(names))
    result = content.propertyCollector.RetrievePropertiesEx([spec], Collector.RetrieveOptions(maxObjects=3))
    content.propertyCollector.CancelRetrievePropertiesEx(result.token)
    check("a cancelled token serves no more", fails_with(
        vmodl.query.InvalidProperty, lambda: content.propertyCollector.ContinueRetrievePropertiesEx(result.token)))


def views(content, vm):
    manager = content.viewManager
    listed = manager.CreateListView([vm])
    follower = Follower(content, view_spec(listed, vim.ManagedEntity, ["name"]), False)
    check("a list view shows what it is given", [obj for _, obj, _ in follower.wait(0)] == [vm])
    listed.ModifyListView([content.rootFolder], [vm])
    told = sorted((kind, obj._moId) for kind, obj, _ in follower.wait(5))
    check("and tells what is modified", told == [("enter", "ha-folder-root"), ("leave", vm._moId)], told)
    tree = manager.CreateInventoryView()
    check("an inventory view begins with the root", list(tree.view) == [content.rootFolder])
    tree.OpenInventoryViewFolder([content.rootFolder])
    check("and shows what is opened", content.rootFolder.childEntity[0] in tree.view)
    listed.ResetListViewFromView(tree)
    check("which a list view takes over", set(listed.view) == set(tree.view))
    check("viewList has them", {listed, tree} <= set(manager.viewList))
    tree.Destroy()
    check("but not a destroyed one", tree not in manager.viewList)


def search(content, files, vm, path):
    index = content.searchIndex
    datacenter = content.rootFolder.childEntity[0]
    raw = files.vmx("linux/linux.vmx")["uuid.bios"].replace(" ", "").replace("-", "")
    uuid = "-".join([raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]])
    check("FindByUuid knows the file's UUID", index.FindByUuid(None, uuid, True) == vm)
    check("FindAllByUuid too", list(index.FindAllByUuid(datacenter, uuid, True)) == [vm])
    check("FindByDatastorePath", index.FindByDatastorePath(datacenter, path) == vm)
    check("FindByInventoryPath", index.FindByInventoryPath("ha-datacenter/vm/" + vm.name) == vm)
    check("FindChild", index.FindChild(vm.parent, vm.name) == vm)
    host = index.FindByDnsName(None, vm.runtime.host.name, False)
    check("FindByDnsName finds the host", host == vm.runtime.host)
    check("FindByUuid finds the host", index.FindByUuid(None, host.summary.hardware.uuid, False) == host)
    check("what is nowhere is not found", index.FindByUuid(None, "x", True) is None and
          index.FindByIp(None, "192.0.2.1", True) is None and index.FindByInventoryPath("no/where") is None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--register", required=True)
    args = parser.parse_args()
    with open(args.password_file) as file:
        password = file.read().strip()

    def log_in():
        return connect.SmartConnectNoSSL(host="127.0.0.1", port=args.port, user="root", pwd=password)

    instance = log_in()
    content = instance.RetrieveContent()
    files = Files(args.root)
    view, follower, vm = follow_machines(content, files, args.register)
    follow_power(follower, files, vm)
    everything = content.viewManager.CreateContainerView(content.rootFolder, [vim.ManagedEntity], True)
    parts(content, everything)
    views(content, vm)
    search(content, files, vm, args.register)

    def folder_spec(of):
        return Collector.FilterSpec(
            objectSet=[Collector.ObjectSpec(obj=of.rootFolder)],
            propSet=[Collector.PropertySpec(type=vim.Folder, pathSet=["name"], all=False)])
    cancel(content, folder_spec(content))
    terminate(content, log_in, folder_spec)

    vm.UnregisterVM()
    follower.until("an unregistered machine leaves", lambda kind, obj, changes: kind == "leave" and obj == vm)
    check("vmInventory.xml is without it", files.registered() == {})
    check("and no search finds it", content.searchIndex.FindByDatastorePath(
        content.rootFolder.childEntity[0], args.register) is None)
    connect.Disconnect(instance)


if __name__ == "__main__":
    main()
