#!/usr/bin/python3
"""Reads performance statistics by unmodified pyVmomi, as the SDK's samples do. Prints one line per step and then, as
JSON, what the VM's real-time samples say; exits 1 at a wrong step.

usage: read_statistics.py --port P --password-file F VM
"""
import argparse
import json
import ssl
import sys

from pyVim import connect
from pyVmomi import vim, vmodl

QuerySpec = vim.PerformanceManager.QuerySpec
MetricId = vim.PerformanceManager.MetricId


def check(title, condition, detail=""):
    print("%s %s%s" % ("ok  " if condition else "FAIL", title, " (%s)" % (detail,) if detail != "" else ""))
    if not condition:
        sys.exit(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password-file", required=True)
    parser.add_argument("vm")
    options = parser.parse_args()
    password = open(options.password_file).read().strip()
    context = ssl._create_unverified_context()
    instance = connect.SmartConnect(host="127.0.0.1", port=options.port, user="root", pwd=password, sslContext=context)
    content = instance.RetrieveContent()
    manager = content.perfManager

    names = {c.key: "%s.%s.%s" % (c.groupInfo.key, c.nameInfo.key, c.rollupType) for c in manager.perfCounter}
    keys = {name: key for key, name in names.items()}
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine, vim.HostSystem], True)
    entities = {entity.name: entity for entity in view.view}
    vm = entities[options.vm]
    host = [entity for entity in view.view if isinstance(entity, vim.HostSystem)][0]

    summary = manager.QueryPerfProviderSummary(vm)
    check("real-time statistics every 20 s", summary.currentSupported and summary.refreshRate == 20)
    check("the past day every 5 minutes", [i.samplingPeriod for i in manager.historicalInterval] == [300])

    available = manager.QueryAvailablePerfMetric(entity=vm, intervalId=20)
    known = {(names[m.counterId], m.instance) for m in available}
    check("what the VM has is told", {("cpu.used.summation", "0"), ("cpu.ready.summation", "0"),
                                      ("cpu.usage.average", ""), ("sys.uptime.latest", "")} <= known, len(known))

    metrics = [MetricId(counterId=keys["cpu.ready.summation"], instance="*")]
    spec = QuerySpec(entity=vm, intervalId=20, metricId=metrics, maxSample=3)
    [ready] = manager.QueryPerf(querySpec=[spec])
    check("* names the virtual CPUs", [s.id.instance for s in ready.value] == ["0"])
    spec.format = "csv"
    [csv] = manager.QueryPerf(querySpec=[spec])
    check("csv tells the same", csv.value[0].value == ",".join(str(v) for v in ready.value[0].value), csv.sampleInfoCSV)

    composite = manager.QueryPerfComposite(QuerySpec(entity=host, intervalId=20))
    check("a host is told with its VMs", vm in [child.entity for child in composite.childEntity])
    pcpus = {s.id.instance for s in composite.entity.value if names[s.id.counterId] == "cpu.idle.summation"}
    check("of each PCPU", pcpus == {str(n) for n in range(host.hardware.cpuInfo.numCpuThreads)}, sorted(pcpus))

    try:
        manager.QueryPerf(querySpec=[QuerySpec(entity=vm, intervalId=17)])
        check("an unknown interval is refused", False)
    except vmodl.fault.InvalidArgument as fault:
        check("an unknown interval is refused", fault.invalidProperty == "querySpec.interval")

    [all_of_it] = manager.QueryPerf(querySpec=[QuerySpec(entity=vm, intervalId=20)])
    told = {
        "endMs": [int(s.timestamp.timestamp() * 1000) for s in all_of_it.sampleInfo],
        "values": {"%s:%s" % (names[s.id.counterId], s.id.instance): list(s.value) for s in all_of_it.value},
        "mhz": host.hardware.cpuInfo.hz // 1000000,
    }
    print("json " + json.dumps(told))
    connect.Disconnect(instance)


main()
