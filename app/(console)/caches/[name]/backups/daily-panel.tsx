"use client";

import { Button } from "@heroui/react";
import { useState } from "react";
import type { Cache } from "../../../../../server/contract/cache-view.ts";
import { plural } from "../../../../_lib/format/count.ts";
import { ForAdministrators } from "../../../../_ui/for-administrators.tsx";
import { Panel } from "../../../../_ui/panel.tsx";
import { DailyDialog } from "./daily-dialog.tsx";

/** Whether Larder takes snapshots by itself, when, and how long it keeps them. */
export function DailyPanel({ cache }: { cache: Cache }) {
	const [isOpen, setOpen] = useState(false);
	const { snapshotRetentionDays: days, snapshotWindow, status } = cache;
	const isOn = days > 0;
	return (
		<Panel
			title="Daily snapshots"
			aside={
				status !== "deleting" && (
					<ForAdministrators>
						<Button size="sm" variant="outline" onPress={() => setOpen(true)}>
							{isOn ? "Modify" : "Turn on"}
						</Button>
					</ForAdministrators>
				)
			}
		>
			<p className="text-sm text-pretty">
				{isOn ? (
					<>
						Larder takes one every day between{" "}
						<span className="font-medium tabular-nums">
							{snapshotWindow.replace("-", " and ")} UTC
						</span>
						, and deletes it after <span className="font-medium">{plural(days, "day")}</span>.
					</>
				) : (
					<span className="text-muted">
						Off. Larder can take a snapshot every day, and delete it after 1 to 35 days.
					</span>
				)}
			</p>
			{isOpen && <DailyDialog cache={cache} onClose={() => setOpen(false)} />}
		</Panel>
	);
}
