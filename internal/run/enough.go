package run

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"chatbench/internal/metric"
	"chatbench/internal/scenario"
)

// ResourceError says what this machine lacks for a load, and the command that changes it.
type ResourceError struct {
	Sentence, Hint string
}

func (e *ResourceError) Error() string { return e.Sentence + "; " + e.Hint }

const (
	linksPerCustomer = 2
	spareDescriptors = 64 // files, the listener, the poller, what a library opens
	timeWait         = 60 // seconds for which Linux keeps a port after its connection
)

// machine is what connections are made of; 0 where the system does not tell.
type machine struct {
	descriptors int64
	ports       int // that outgoing connections can use
}

func thisMachine() machine {
	return machine{descriptors: metric.SampleHealth().FileLimit, ports: localPorts()}
}

// mostArriving is how many customers of an open load may be there at once when the scenario does
// not say, if this machine has room for so many.
const mostArriving = 5000

// room is how many customers' connections fit into the machine's descriptors; -1: no limit known.
func (m machine) room(embedded bool) int {
	if m.descriptors <= 0 {
		return -1
	}
	ends := int64(linksPerCustomer)
	if embedded {
		ends *= 2 // both ends are ours
	}
	return int(max(m.descriptors-spareDescriptors, 0) / ends)
}

// arriving is max_customers of an open load that does not say it.
func (m machine) arriving(embedded bool) int {
	if fit := m.room(embedded); fit >= 0 {
		return max(min(mostArriving, fit), 1)
	}
	return mostArriving
}

// Needs is what the connections of a load take of this machine, and what there is of it.
type Needs struct {
	Customers       int   // at the peak; of an open load, at most
	Descriptors     int   // of this process, the embedded tenant's included
	DescriptorsHere int64 // 0: not known
	Ports           int
	PortsHere       int   // 0: not known
	Err             error // nil, or the *ResourceError with which a run would be refused
}

// NeedsOf counts what a scenario's load takes.
func NeedsOf(s *scenario.Scenario) Needs {
	load, embedded, have := s.Load, s.Target == nil, thisMachine()
	if load.Open && load.MaxCustomers == 0 {
		load.MaxCustomers = have.arriving(embedded)
	}
	n := needs(load, embedded)
	n.DescriptorsHere, n.PortsHere, n.Err = have.descriptors, have.ports, enough(load, embedded, have)
	return n
}

func needs(load scenario.Load, embedded bool) Needs {
	n := Needs{Customers: peak(load)}
	if load.Open {
		n.Customers = load.MaxCustomers
	}
	connections := n.Customers * linksPerCustomer
	n.Descriptors, n.Ports = connections+spareDescriptors, connections
	if embedded {
		n.Descriptors += connections // both ends are ours
	}
	if load.Open { // every arrival opens two connections and leaves their ports waiting
		n.Ports = max(n.Ports, int(math.Ceil(peakRate(load)*timeWait))*linksPerCustomer)
	}
	return n
}

// enough finds out before the start whether the load's connections will fit.
func enough(load scenario.Load, embedded bool, have machine) error {
	n := needs(load, embedded)
	if have.descriptors > 0 && int64(n.Descriptors) > have.descriptors {
		return tooFewDescriptors(n.Customers, n.Descriptors, have, embedded)
	}
	if have.ports > 0 && n.Ports > have.ports {
		return &ResourceError{
			Sentence: fmt.Sprintf("%d connections to one address need as many ports, and this machine gives %d", n.Ports, have.ports),
			Hint:     `"sysctl -w net.ipv4.ip_local_port_range='1024 65535'" gives 64512`,
		}
	}
	return nil
}

func tooFewDescriptors(customers, need int, have machine, embedded bool) error {
	where := "two connections each"
	hint := ""
	if embedded {
		where += " and the embedded tenant's end of them"
		hint = `; or run the tenant in a process of its own ("chatbench tenant") and name it with --target`
	}
	return &ResourceError{
		Sentence: fmt.Sprintf("%d customers need %d file descriptors (%s), and this process may have %d, enough for %d customers", customers, need, where, have.descriptors, have.room(embedded)),
		Hint:     fmt.Sprintf(`"ulimit -n %d" raises the limit if the hard limit allows it%s`, need, hint),
	}
}

// localPorts is how many ports outgoing connections can use, or 0 where the system does not tell.
func localPorts() int {
	b, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) != 2 {
		return 0
	}
	low, err1 := strconv.Atoi(fields[0])
	high, err2 := strconv.Atoi(fields[1])
	if err1 != nil || err2 != nil {
		return 0
	}
	return high - low + 1
}
