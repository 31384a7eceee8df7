package export

import (
	"io"

	"github.com/prometheus/common/expfmt"

	"chatbench/internal/result"
)

// OpenMetrics writes a result in the text format of OpenMetrics 1.0. The samples have no timestamps,
// so that whoever takes the file in may give it the time at which that happens; when the run was is
// in chatbench_run_start_time_seconds.
func OpenMetrics(w io.Writer, r *result.Result) error {
	found, err := gather(State{Result: r})
	if err != nil {
		return err
	}
	for _, family := range found {
		if _, err := expfmt.MetricFamilyToOpenMetrics(w, family); err != nil {
			return err
		}
	}
	_, err = expfmt.FinalizeOpenMetrics(w)
	return err
}
