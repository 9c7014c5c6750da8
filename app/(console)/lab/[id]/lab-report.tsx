"use client";

import {
	LAB_STRATEGY_NAMES,
	type LabResult,
	type LabRun,
} from "../../../../server/contract/lab.ts";
import { LAB_REPORT_ROWS } from "../../../../server/contract/lab-report.ts";
import { Panel } from "../../../_ui/panel.tsx";
import { type Column, DataTable } from "../../../_ui/table/data-table.tsx";

type Row = (typeof LAB_REPORT_ROWS)[number];

/** The figures of the whole run, and what they mean. */
export function LabReport({ run }: { run: LabRun }) {
	const columns: readonly Column<Row>[] = [
		{ id: "figure", header: "Figure", lead: true, cell: ([title]) => title },
		...run.results.map(
			(result): Column<Row> => ({
				id: result.strategy,
				header: LAB_STRATEGY_NAMES[result.strategy],
				align: "end",
				cell: ([, value]) => <span className="tabular-nums">{value(result)}</span>,
			}),
		),
	];
	return (
		<>
			<div className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
				{run.results.map((result) => (
					<Finding key={result.strategy} result={result} />
				))}
			</div>
			<Panel title="Figures" flush>
				<DataTable
					label="Figures"
					columns={columns}
					rows={LAB_REPORT_ROWS}
					rowKey={([title]) => title}
				/>
			</Panel>
		</>
	);
}

function Finding({ result }: { result: LabResult }) {
	return (
		<Panel title={LAB_STRATEGY_NAMES[result.strategy]}>
			<div className="flex flex-col gap-2 text-[0.8125rem] text-pretty">
				{result.findings.map((sentence) => (
					<p key={sentence}>{sentence}</p>
				))}
			</div>
		</Panel>
	);
}
