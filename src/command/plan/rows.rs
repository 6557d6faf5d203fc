//! The rows of a plan in tables.

use super::report::{BurstRow, FireRow, ModelBasis};
use crate::report::{Cell, Column, Row, View};
use crate::ui::Role;
use crate::when;

impl Row for BurstRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("local_at", "BURST"),
        Column::new("at", "UTC").on_request(),
        Column::new("at_ms", "UTC MS").right().on_request(),
        Column::new("zone", "ZONE").on_request(),
        Column::new("jobs", "JOBS").right(),
        Column::new("starts_per_second_before", "STARTS/S").right(),
        Column::new("starts_per_second_after", "AFTER").right(),
        Column::new("concurrent_before", "AT ONCE").right(),
        Column::new("concurrent_after", "AFTER").right(),
        Column::new("groups", "BY GROUP"),
        Column::new("span_ms", "SPAN").right(),
        Column::new("shortest_run_ms", "SHORTEST RUN")
            .right()
            .on_request(),
        Column::new("longest_run_ms", "LONGEST RUN").right(),
        Column::new("peak", "PEAK").right().on_request(),
        Column::new("window_for_peak_ms", "WINDOW FOR PEAK")
            .right()
            .on_request(),
        Column::new("clipped", "CLIPPED").right().if_any(),
        Column::new("sources", "SOURCES").on_request(),
        Column::new("first_at_ms", "FIRST MS").right().on_request(),
        Column::new("last_at_ms", "LAST MS").right().on_request(),
    ];

    fn cell(&self, key: &str, _view: &View) -> Cell {
        let lower = |before: u32, after: u32| {
            Cell::of(after).role(if after < before {
                Role::Good
            } else {
                Role::Plain
            })
        };
        match key {
            "local_at" => Cell::with(Role::Strong, when::readable(self.at_ms, &self.tz)),
            "at" => Cell::from(&*self.at),
            "at_ms" => Cell::of(self.at_ms),
            "zone" => Cell::from(&*self.zone),
            "jobs" => Cell::of(self.jobs),
            "starts_per_second_before" => Cell::of(self.starts_per_second_before),
            "starts_per_second_after" => {
                lower(self.starts_per_second_before, self.starts_per_second_after)
            }
            "concurrent_before" => Cell::of(self.concurrent_before),
            "concurrent_after" => lower(self.concurrent_before, self.concurrent_after),
            "groups" => {
                const SHOWN: usize = 4;
                let part = |g: &super::report::BurstGroupRow| {
                    format!("{} {}→{}", g.group, g.concurrent_before, g.concurrent_after)
                };
                let mut parts: Vec<String> = self.groups.iter().take(SHOWN).map(part).collect();
                if self.groups.len() > SHOWN {
                    parts.push(format!("{} more", self.groups.len() - SHOWN));
                }
                Cell::from(parts.join(", "))
            }
            "span_ms" => Cell::from(when::duration(self.span_ms)),
            "shortest_run_ms" => Cell::from(when::duration(self.shortest_run_ms)),
            "longest_run_ms" => Cell::from(when::duration(self.longest_run_ms)),
            "peak" => Cell::of(self.peak),
            "window_for_peak_ms" => Cell::from(when::duration(self.window_for_peak_ms)),
            "clipped" if self.clipped == 0 => Cell::none(),
            "clipped" => Cell::of(self.clipped).role(Role::Warn),
            "sources" => Cell::from(self.sources.join(", ")),
            "first_at_ms" => Cell::of(self.first_at_ms),
            "last_at_ms" => Cell::of(self.last_at_ms),
            _ => Cell::none(),
        }
    }
}

impl Row for FireRow {
    const COLUMNS: &'static [Column] = &[
        Column::new("local_at", "START"),
        Column::new("planned_at", "UTC").on_request(),
        Column::new("planned_at_ms", "UTC MS").right().on_request(),
        Column::new("jitter_ms", "JITTER").right(),
        Column::new("stagger_ms", "STAGGER").right(),
        Column::new("on_tick", "ON TICK").right(),
        Column::new("job", "JOB"),
        Column::new("name", "NAME").if_any(),
        Column::new("provider", "PROVIDER").if_any(),
        Column::new("model", "MODEL").if_any(),
        Column::new("model_declared", "DECLARED").if_any(),
        Column::new("model_basis", "MODEL AS").on_request(),
        Column::new("agent", "AGENT").if_any(),
        Column::new("workspace", "WORKSPACE").if_any(),
        Column::new("run_ms", "RUN").right(),
        Column::new("run_length_origin", "RUN LENGTH FROM").on_request(),
        Column::new("clipped", "CLIPPED").if_any(),
        Column::new("stagger_reason", "WHY THIS STAGGER"),
        Column::new("nominal_at_ms", "NOMINAL MS")
            .right()
            .on_request(),
        Column::new("native_at_ms", "NATIVE MS")
            .right()
            .on_request(),
        Column::new("source", "SOURCE").on_request(),
    ];

    fn cell(&self, key: &str, _view: &View) -> Cell {
        match key {
            "local_at" => Cell::from(when::readable(self.planned_at_ms, &self.tz)),
            "planned_at" => Cell::from(&*self.planned_at),
            "planned_at_ms" => Cell::of(self.planned_at_ms),
            "jitter_ms" => Cell::from(when::duration(self.jitter_ms)),
            "stagger_ms" => Cell::from(when::duration(self.stagger_ms)),
            "on_tick" => Cell::of(self.on_tick),
            "job" => Cell::from(&*self.job),
            "name" => Cell::from(self.name.as_deref()),
            "provider" => Cell::from(self.provider.as_deref()),
            "model" => Cell::from(self.model.as_deref()),
            // Said where it is another one.
            "model_declared" if self.model == self.model_declared => Cell::none(),
            "model_declared" => Cell::from(self.model_declared.as_deref()).role(Role::Warn),
            "model_basis" => Cell::from(match self.model_basis {
                ModelBasis::Declared => "declared",
                ModelBasis::Effective => "resolved",
            }),
            "agent" => Cell::from(self.agent.as_deref()),
            "workspace" => Cell::from(self.workspace.as_deref()),
            "run_ms" => Cell::from(when::duration(self.run_ms)),
            "run_length_origin" => Cell::from(self.run_length_origin.word()),
            "clipped" if self.clipped => Cell::with(Role::Warn, "clipped"),
            "stagger_reason" => Cell::with(Role::Dim, &*self.stagger_reason),
            "nominal_at_ms" => Cell::of(self.nominal_at_ms),
            "native_at_ms" => Cell::of(self.native_at_ms),
            "source" => Cell::from(&*self.source),
            _ => Cell::none(),
        }
    }
}
