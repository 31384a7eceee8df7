// Package export gives what a run found, or has found so far, in the terms of Prometheus: as a file
// in the OpenMetrics format ([OpenMetrics]), and on an address that Prometheus scrapes while the run
// goes on ([Server]). Both have the same metrics, those of [Families].
//
// What is exported is bounded: labels come from the scenario, the catalogue of rules and the
// protocol, never from what the tenant answered. Reasons of failures, which do, are in result.json.
//
// The package measures and judges nothing. A scrape reads a finished copy and takes no lock that
// the load needs.
package export
