"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { z } from "zod";
import type {
	BackupSchedule,
	controlPlaneBackupsSchema,
} from "../../../server/contract/backup-schedule.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ProblemBanner } from "../../_ui/notices.tsx";
import { Bytes } from "../../_ui/quantity.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";

type Backup = z.infer<typeof controlPlaneBackupsSchema>["items"][number];

const SHOWN = 5;

const COLUMNS: readonly Column<Backup>[] = [
	{
		id: "file",
		header: "File in the store",
		lead: true,
		cell: ({ key }) => <code className="font-mono text-xs wrap-anywhere">{key}</code>,
	},
	{ id: "size", header: "Size", align: "end", cell: ({ bytes }) => <Bytes value={bytes} /> },
	{
		id: "created",
		header: "Made",
		cell: ({ createdAt }) => <Time value={createdAt} look="relative" />,
	},
];

/** The newest backups, as the store lists them. They are read again after each new one. */
export function BackupsTable({ schedule }: { schedule: BackupSchedule }) {
	const trpc = useTRPC();
	const { store, lastSuccessAt } = schedule;
	const { data, error, isError, refetch } = useQuery(trpc.controlPlane.backups.queryOptions());
	const version = `${store} ${lastSuccessAt}`;
	const listed = useRef(version);
	useEffect(() => {
		if (listed.current === version) return;
		listed.current = version;
		void refetch();
	}, [version, refetch]);
	if (isError) return <ProblemBanner title="The backups couldn't be listed" error={error} />;
	if (data === undefined || data.items.length === 0) return null;
	const shown = data.items.slice(0, SHOWN);
	return (
		<div className="flex flex-col gap-2">
			{/* Its cells line up with the facts above. */}
			<div className="-mx-4">
				<DataTable
					label="Newest backups"
					columns={COLUMNS}
					rows={shown}
					rowKey={({ key }) => key}
				/>
			</div>
			<p className="text-[0.8125rem] text-muted">
				{data.items.length > shown.length && `The newest ${shown.length} of ${data.items.length}. `}
				Restore one with <code className="font-mono text-xs">larder restore</code> on a new control
				plane's machine. It needs the passphrase.
			</p>
		</div>
	);
}
