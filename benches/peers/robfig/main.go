// What robfig/cron v3 needs for the work that croner.mjs and cronctl do. Molecule calls it like this.
//
//	robfig next             nanoseconds per Next at random instants of 2026, as JSON lines
//	robfig plan FILE        counts the fires of FILE's jobs in 24 h, and the largest burst
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/robfig/cron"
)

var parser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)

var expressions = []string{
	"* * * * *", "0 * * * *", "*/15 9-17 * * 1-5", "0 9 * * *", "0 9 13 * 5", "0 0 29 2 *",
}

func schedule(expr, zone string) cron.Schedule {
	s, err := parser.Parse("CRON_TZ=" + zone + " " + expr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return s
}

// next measures like croner.mjs: the best of five passes over 1,024 instants.
func next() {
	state := int64(1)
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	instants := make([]time.Time, 1024)
	for i := range instants {
		state = state * 48271 % 2147483647
		instants[i] = start.Add(time.Duration(float64(state) / 2147483647 * 365 * 24 * float64(time.Hour)))
	}
	for _, zone := range []string{"UTC", "America/New_York"} {
		for _, expr := range expressions {
			s := schedule(expr, zone)
			best := time.Duration(1<<63 - 1)
			for pass := 0; pass < 5; pass++ {
				from := time.Now()
				for _, t := range instants {
					s.Next(t)
				}
				if took := time.Since(from); took < best {
					best = took
				}
			}
			ns := float64(best.Nanoseconds()) / float64(len(instants))
			line, _ := json.Marshal(map[string]any{"zone": zone, "expression": expr, "ns": ns})
			fmt.Println(string(line))
		}
	}
}

func plan(file string) {
	in, err := os.Open(file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	from := time.Date(2026, 3, 7, 20, 0, 0, 0, time.UTC)
	until := from.Add(24 * time.Hour)
	ticks := map[int64]int{}
	fires, biggest := 0, 0
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var job struct{ Schedule struct{ Expr, Tz string } }
		if err := json.Unmarshal(lines.Bytes(), &job); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		s := schedule(job.Schedule.Expr, job.Schedule.Tz)
		// Next is strictly after: the horizon begins at from itself.
		for t := s.Next(from.Add(-time.Nanosecond)); !t.IsZero() && t.Before(until); t = s.Next(t) {
			fires++
			ticks[t.UnixMilli()]++
			if n := ticks[t.UnixMilli()]; n > biggest {
				biggest = n
			}
		}
	}
	fmt.Println(fires, "fires, at most", biggest, "at once")
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "next":
		next()
	case len(os.Args) == 3 && os.Args[1] == "plan":
		plan(os.Args[2])
	default:
		fmt.Fprintln(os.Stderr, "robfig next | robfig plan FILE")
		os.Exit(2)
	}
}
