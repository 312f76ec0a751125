#!/usr/bin/python3
"""Searches and changes datastores by unmodified pyVmomi, and compares with the files. Exits 1 at a wrong step.

usage: drive_files.py --port P --password-file F --store FOLDER_OF_STORAGE1
"""
import argparse
import os
import sys

from pyVim import connect
from pyVmomi import vim

from drive_host import check, wait_for_task

Browser = vim.host.DatastoreBrowser


def search(content, browser, path, subfolders=False, **spec):
    asked = Browser.SearchSpec(**spec) if spec else None
    method = browser.SearchSubFolders if subfolders else browser.Search
    info = wait_for_task(content, method(datastorePath=path, searchSpec=asked))
    check("search of %s %s" % (path, sorted(spec)), info.state == "success", info.error and info.error.msg or "")
    return info.result


def names(result):
    return sorted(entry.path for entry in result.file)


def fails(content, title, task, fault):
    info = wait_for_task(content, task)
    check(title, isinstance(info.error, fault), type(info.error).__name__)
    return info.error


def done(content, title, task):
    info = wait_for_task(content, task)
    check(title, info.state == "success", info.error and info.error.msg or "")
    return info


def spec(kind, adapter, capacity_kb):
    return vim.VirtualDiskManager.FileBackedVirtualDiskSpec(diskType=kind, adapterType=adapter, capacityKb=capacity_kb)


def read(store, *parts):
    with open(os.path.join(store, *parts)) as file:
        return file.read()


def make_disks(content, store):
    manager, files = content.virtualDiskManager, content.fileManager
    files.MakeDirectory("[storage1] vm/deep/er", None, True)
    check("MakeDirectory makes parents", os.path.isdir(os.path.join(store, "vm/deep/er")))
    try:
        files.MakeDirectory("[storage1] vm", None, False)
        check("MakeDirectory of a folder that is there fails", False)
    except vim.fault.FileAlreadyExists as fault:
        check("MakeDirectory of a folder that is there fails", fault.file == "[storage1] vm", fault.file)
    for name, kind, adapter in (("thin", "thin", "lsiLogic"), ("thick", "preallocated", "busLogic"), ("eager", "eagerZeroedThick", "ide")):
        done(content, "CreateVirtualDisk_Task %s" % kind, manager.CreateVirtualDisk_Task("[storage1] vm/%s.vmdk" % name, None, spec(kind, adapter, 8192)))
        text = read(store, "vm", name + ".vmdk")
        check("its adapter is %s" % adapter, 'ddb.adapterType = "%s"' % adapter.lower() in text)
        blocks = os.stat(os.path.join(store, "vm", name + "-flat.vmdk")).st_blocks * 512
        check("its space is provided as asked", blocks == (0 if kind == "thin" else 8192 * 1024), blocks)
    error = fails(content, "a name that is taken is refused", manager.CreateVirtualDisk_Task("[storage1] vm/thin.vmdk", None, spec("thin", "lsiLogic", 8192)), vim.fault.FileAlreadyExists)
    check("the fault names the file as clients do", error.file == "[storage1] vm/thin.vmdk", error.file)
    fails(content, "a missing folder is told", manager.CreateVirtualDisk_Task("[storage1] no/x.vmdk", None, spec("thin", "lsiLogic", 8192)), vim.fault.FileNotFound)
    for argument, bad in (("spec.diskType", spec("thickish", "ide", 1)), ("spec.adapterType", spec("thin", "esdi", 1)), ("spec.capacityKb", spec("thin", "ide", 0))):
        try:
            manager.CreateVirtualDisk_Task("[storage1] vm/bad.vmdk", None, bad)
            check("a wrong %s is refused" % argument, False)
        except vim.fault.VimFault:
            check("a wrong %s is refused" % argument, False, "another fault")
        except Exception as fault:
            check("a wrong %s is refused" % argument, getattr(fault, "invalidProperty", "") == argument)


def query_disks(content, store):
    manager = content.virtualDiskManager
    text = read(store, "vm/thick.vmdk")
    check("QueryVirtualDiskUuid", 'ddb.uuid = "%s"' % manager.QueryVirtualDiskUuid("[storage1] vm/thick.vmdk", None) in text)
    geometry = manager.QueryVirtualDiskGeometry("[storage1] vm/thick.vmdk", None)
    check("QueryVirtualDiskGeometry", 'cylinders = "%d"' % geometry.cylinder in text and (geometry.head, geometry.sector) == (64, 32))
    fresh = "60 00 C2 91 01 02 03 04-05 06 07 08 09 0a 0b 0c"
    manager.SetVirtualDiskUuid("[storage1] vm/thick.vmdk", None, fresh)
    check("SetVirtualDiskUuid", 'ddb.uuid = "%s"' % fresh in read(store, "vm/thick.vmdk"))


def change_disks(content, store):
    manager = content.virtualDiskManager
    with open(os.path.join(store, "vm/thick-flat.vmdk"), "r+b") as flat:
        flat.seek(4 << 20)
        flat.write(b"payload")
    copy = "[storage1] vm/deep/copy.vmdk"
    done(content, "CopyVirtualDisk_Task", manager.CopyVirtualDisk_Task("[storage1] vm/thick.vmdk", None, copy, None, vim.VirtualDiskManager.VirtualDiskSpec(diskType="thin", adapterType="lsiLogic"), False))
    with open(os.path.join(store, "vm/thick-flat.vmdk"), "rb") as one, open(os.path.join(store, "vm/deep/copy-flat.vmdk"), "rb") as other:
        check("the copy has its bytes", one.read() == other.read())
    check("the copy is thin", os.stat(os.path.join(store, "vm/deep/copy-flat.vmdk")).st_blocks * 512 < 1 << 20)
    fails(content, "a copy overwrites only by force", manager.CopyVirtualDisk_Task("[storage1] vm/thick.vmdk", None, copy, None, None, False), vim.fault.FileAlreadyExists)
    done(content, "a copy overwrites by force", manager.CopyVirtualDisk_Task("[storage1] vm/thin.vmdk", None, copy, None, None, True))
    done(content, "ExtendVirtualDisk_Task", manager.ExtendVirtualDisk_Task(copy, None, 16384))
    check("the descriptor and the file are longer", "RW 32768 VMFS" in read(store, "vm/deep/copy.vmdk") and os.path.getsize(os.path.join(store, "vm/deep/copy-flat.vmdk")) == 16 << 20)
    done(content, "InflateVirtualDisk_Task", manager.InflateVirtualDisk_Task(copy, None))
    check("the disk is thick", os.stat(os.path.join(store, "vm/deep/copy-flat.vmdk")).st_blocks * 512 == 16 << 20 and "thinProvisioned" not in read(store, "vm/deep/copy.vmdk"))
    done(content, "MoveVirtualDisk_Task", manager.MoveVirtualDisk_Task(copy, None, "[storage1] vm/moved.vmdk", None, False))
    check("the disk has another name", sorted(os.listdir(os.path.join(store, "vm/deep"))) == ["er"] and "moved-flat.vmdk" in read(store, "vm/moved.vmdk"))
    done(content, "DeleteVirtualDisk_Task", manager.DeleteVirtualDisk_Task("[storage1] vm/moved.vmdk", None))
    check("the disk is gone", not [name for name in os.listdir(os.path.join(store, "vm")) if name.startswith("moved")])


def cancel(content, store):
    task = content.virtualDiskManager.CreateVirtualDisk_Task("[storage1] vm/large.vmdk", None, spec("eagerZeroedThick", "ide", 16 << 20))
    while (task.info.progress or 0) < 1:
        pass
    check("a long task can be cancelled", task.info.cancelable)
    task.Cancel()
    info = wait_for_task(content, task)
    check("it ends with RequestCanceled", type(info.error).__name__.endswith("RequestCanceled"), type(info.error).__name__)
    check("nothing of it is left", not [name for name in os.listdir(os.path.join(store, "vm")) if "large" in name or name.endswith(".tmp")])


def look(content, store):
    for name, text in (("vm/a.vmx", 'config.version = "8"\n'), ("vm/vmware.log", "log"), ("vm/A.ISO", "iso"), ("vm/b.flp", "flp"), ("vm/c.nvram", "n"), ("vm/d.vmsn", "s"), ("vm/plain", "p"), ("vm/broken.vmdk", "no descriptor")):
        with open(os.path.join(store, name), "w") as file:
            file.write(text)
    datastore = content.rootFolder.childEntity[0].datastore[0]
    host = content.rootFolder.childEntity[0].hostFolder.childEntity[0].host[0]
    check("the datastore's browser sees it alone", list(datastore.browser.datastore) == [datastore])
    check("every query type is supported", len(datastore.browser.supportedType) == 9)
    listed = sorted(os.listdir(os.path.join(store, "vm")))
    for browser in (datastore.browser, host.datastoreBrowser):
        plain = search(content, browser, "[storage1] vm")
        check("without a spec every entry is there", names(plain) == listed, names(plain))
        check("and nothing more than its path", all(entry.fileSize is None for entry in plain.file))
        check("the folder is named", (plain.folderPath, plain.datastore) == ("[storage1] vm/", datastore), plain.folderPath)
    browser = datastore.browser
    details = Browser.FileInfo.Details(fileType=True, fileSize=True, modification=True, fileOwner=True)
    for entry in search(content, browser, "[storage1] vm", details=details).file:
        stat = os.stat(os.path.join(store, "vm", entry.path))
        check("modification and owner of %s" % entry.path, abs(entry.modification.timestamp() - stat.st_mtime) < 1 and entry.owner == "root")
        if not isinstance(entry, Browser.VmDiskInfo):
            check("size of %s" % entry.path, entry.fileSize == stat.st_size, entry.fileSize)
    kinds = (("VmConfigQuery", ["a.vmx"]), ("VmLogQuery", ["vmware.log"]), ("IsoImageQuery", ["A.ISO"]), ("FloppyImageQuery", ["b.flp"]), ("VmNvramQuery", ["c.nvram"]), ("VmSnapshotQuery", ["d.vmsn"]), ("FolderQuery", ["deep"]), ("VmDiskQuery", ["broken.vmdk", "eager.vmdk", "thick.vmdk", "thin.vmdk"]))
    for kind, expected in kinds:
        found = search(content, browser, "[storage1] vm", query=[getattr(Browser, kind)()])
        check(kind, names(found) == expected, names(found))
        # A disk without a descriptor is a file like others: nobody can be told about it.
        described = [entry for entry in found.file if entry.path != "broken.vmdk"]
        check("%s gives its type" % kind, {type(entry).__name__.split(".")[-1] for entry in described} == {kind.replace("Query", "Info")})
    disks(content, browser, store)
    patterns(content, browser)
    deep = search(content, browser, "[storage1]", subfolders=True, matchPattern=["*.vmdk"])
    found = {result.folderPath: names(result) for result in deep}
    below = [os.path.relpath(folder, store) for folder, _, _ in os.walk(store) if folder != store]
    check("subfolders are searched", sorted(found) == sorted(["[storage1]"] + ["[storage1] %s/" % folder for folder in below]), sorted(found))
    fails(content, "a folder that is not there is told", browser.Search("[storage1] none", None), vim.fault.FileNotFound)
    for path in ("[nowhere] x", "storage1/x", "[storage1] ../..", "[storage1] vm/../.."):
        try:
            browser.Search(path, None)
            check("%s is refused" % path, False)
        except (vim.fault.InvalidDatastore, vim.fault.InvalidDatastorePath) as fault:
            check("%s is refused" % path, True, type(fault).__name__)


def disks(content, browser, store):
    flags = Browser.VmDiskQuery.Details(diskType=True, capacityKb=True, hardwareVersion=True, controllerType=True, diskExtents=True, thin=True)
    sizes = Browser.FileInfo.Details(fileType=True, fileSize=True, modification=False, fileOwner=False)
    found = search(content, browser, "[storage1] vm", query=[Browser.VmDiskQuery(details=flags)], details=sizes, matchPattern=["th*.vmdk"])
    thick, thin = sorted(found.file, key=lambda entry: entry.path)
    check("capacity", (thick.capacityKb, thin.capacityKb) == (8192, 8192))
    check("diskType", thick.diskType is vim.vm.device.VirtualDisk.FlatVer2BackingInfo, thick.diskType)
    check("hardwareVersion", thick.hardwareVersion == 4)
    check("controllerType", (thick.controllerType, thin.controllerType) == (vim.vm.device.VirtualBusLogicController, vim.vm.device.VirtualLsiLogicController))
    check("thin", (thick.thin, thin.thin) == (False, True))
    check("diskExtents", list(thick.diskExtents) == ["[storage1] vm/thick-flat.vmdk"], thick.diskExtents)
    taken = os.path.getsize(os.path.join(store, "vm/thick.vmdk")) + os.stat(os.path.join(store, "vm/thick-flat.vmdk")).st_blocks * 512
    check("the size is what the disk takes", thick.fileSize == taken, thick.fileSize)
    bus = Browser.VmDiskQuery.Filter(controllerType=[vim.vm.device.VirtualBusLogicController])
    found = search(content, browser, "[storage1] vm", query=[Browser.VmDiskQuery(filter=bus)])
    check("disks are filtered by controller", names(found) == ["thick.vmdk"], names(found))
    for version, expected in ((8, ["a.vmx"]), (7, [])):
        asked = Browser.VmConfigQuery(filter=Browser.VmConfigQuery.Filter(matchConfigVersion=[version]))
        check("configurations are filtered by version", names(search(content, browser, "[storage1] vm", query=[asked])) == expected)


def patterns(content, browser):
    for insensitive, pattern, expected in ((False, "*.iso", []), (True, "*.iso", ["A.ISO"]), (False, "?.flp", ["b.flp"]), (False, "pl*n", ["plain"])):
        found = search(content, browser, "[storage1] vm", matchPattern=[pattern], searchCaseInsensitive=insensitive)
        check("pattern %s" % pattern, names(found) == expected, names(found))
    ordered = [entry.path for entry in search(content, browser, "[storage1] vm", sortFoldersFirst=True).file]
    check("folders come first", ordered[0] == "deep", ordered[0])


def files(content, store):
    manager = content.fileManager
    done(content, "CopyDatastoreFile_Task", manager.CopyDatastoreFile_Task("[storage1] vm/plain", None, "[storage1] vm/plain2", None, False))
    check("the copy has its content", read(store, "vm/plain2") == "p")
    fails(content, "a copy overwrites only by force", manager.CopyDatastoreFile_Task("[storage1] vm/a.vmx", None, "[storage1] vm/plain2", None, False), vim.fault.FileAlreadyExists)
    done(content, "a copy overwrites by force", manager.CopyDatastoreFile_Task("[storage1] vm/a.vmx", None, "[storage1] vm/plain2", None, True))
    check("by force it has", read(store, "vm/plain2").startswith("config.version"))
    done(content, "MoveDatastoreFile_Task", manager.MoveDatastoreFile_Task("[storage1] vm/plain2", None, "[storage1] vm/deep/plain3", None, False))
    check("the file is moved", os.path.exists(os.path.join(store, "vm/deep/plain3")) and not os.path.exists(os.path.join(store, "vm/plain2")))
    done(content, "a folder is copied", manager.CopyDatastoreFile_Task("[storage1] vm/deep", None, "[storage1] deep2", None, False))
    check("with all in it", sorted(os.listdir(os.path.join(store, "deep2"))) == ["er", "plain3"])
    done(content, "DeleteDatastoreFile_Task", manager.DeleteDatastoreFile_Task("[storage1] deep2", None))
    check("the folder is gone", not os.path.exists(os.path.join(store, "deep2")))
    fails(content, "what is not there cannot be deleted", manager.DeleteDatastoreFile_Task("[storage1] deep2", None), vim.fault.FileNotFound)
    content.rootFolder.childEntity[0].datastore[0].browser.DeleteFile("[storage1] vm/deep/plain3")
    check("DeleteFile", not os.path.exists(os.path.join(store, "vm/deep/plain3")))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--user", default="root")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--store", required=True)
    options = parser.parse_args()
    with open(options.password_file) as file:
        password = file.read().strip()
    instance = connect.SmartConnectNoSSL(host=options.host, port=options.port, user=options.user, pwd=password)
    content = instance.RetrieveContent()
    for step in (make_disks, query_disks, look, change_disks, cancel, files):
        step(content, options.store)


main()
