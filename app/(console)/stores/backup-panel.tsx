"use client";

import { Button } from "@heroui/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Archive } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { BackupSchedule } from "../../../server/contract/backup-schedule.ts";
import { plural } from "../../_lib/format/count.ts";
import { BUSY_POLL_MS, CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { Facts } from "../../_ui/facts.tsx";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { Banner, EmptyState, ProblemBanner, ProblemState } from "../../_ui/notices.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { Status } from "../../_ui/status.tsx";
import { Time } from "../../_ui/time.tsx";
import { BackupsTable } from "./backups-table.tsx";
import { EndScheduleDialog, ScheduleDialog } from "./lazy-dialogs.tsx";
import { useStoresChanged } from "./use-stores-changed.ts";

const TITLE = "Backups of the control plane";

/** The next backup is due at once. */
function isDue({ nextAt }: BackupSchedule): boolean {
	return Date.parse(nextAt) === 0;
}

/** A backup is being made, or will be within seconds. */
function isUnderWay(schedule: BackupSchedule): boolean {
	const { lastError, lastAttemptAt, lastSuccessAt } = schedule;
	if (isDue(schedule)) return true;
	return lastError === null && lastAttemptAt !== null && (lastSuccessAt ?? "") < lastAttemptAt;
}

/** The schedule by which the control plane backs itself up, and how that went. */
export function BackupPanel() {
	const trpc = useTRPC();
	const [open, setOpen] = useState<"set" | "end" | null>(null);
	const { data, error, isPending, refetch } = useQuery(
		trpc.controlPlane.backupSchedule.queryOptions(undefined, {
			refetchInterval: ({ state }) =>
				state.data?.schedule && isUnderWay(state.data.schedule) ? BUSY_POLL_MS : CALM_POLL_MS,
		}),
	);
	const schedule = data?.schedule ?? null;
	return (
		<Panel
			title={TITLE}
			aside={
				schedule !== null && (
					<ForAdministrators>
						<ScheduleActions schedule={schedule} onOpen={setOpen} />
					</ForAdministrators>
				)
			}
		>
			{isPending ? (
				<TableSkeleton label="Loading the schedule" rows={1} />
			) : data === undefined ? (
				<ProblemState
					title="The schedule couldn't be loaded"
					error={error}
					onRetry={() => void refetch()}
				/>
			) : schedule === null ? (
				<EmptyState
					icon={Archive}
					title="The control plane isn't backed up"
					action={
						<ForAdministrators>
							<Button onPress={() => setOpen("set")}>Set a schedule</Button>
						</ForAdministrators>
					}
				>
					Its database says which caches exist, and holds their settings and passwords. On a
					schedule, Larder puts an encrypted copy into a store. Choose one on another machine.
				</EmptyState>
			) : (
				<Schedule schedule={schedule} />
			)}
			{open === "set" && <ScheduleDialog schedule={schedule} onClose={() => setOpen(null)} />}
			{open === "end" && schedule !== null && (
				<EndScheduleDialog schedule={schedule} onClose={() => setOpen(null)} />
			)}
		</Panel>
	);
}

interface ScheduleActionsProps {
	schedule: BackupSchedule;
	onOpen: (dialog: "set" | "end") => void;
}

function ScheduleActions({ schedule, onOpen }: ScheduleActionsProps) {
	const trpc = useTRPC();
	const onChanged = useStoresChanged();
	const run = useMutation(
		trpc.controlPlane.runBackupSchedule.mutationOptions({ onSettled: onChanged }),
	);
	return (
		<span className="flex flex-wrap items-center gap-2">
			{run.isError && <ProblemBanner title="No backup was started" error={run.error} />}
			<Button
				size="sm"
				variant="outline"
				isPending={run.isPending}
				isDisabled={isDue(schedule)}
				onPress={() => run.mutate({})}
			>
				Back up now
			</Button>
			<Button size="sm" variant="outline" onPress={() => onOpen("set")}>
				Change
			</Button>
			<Button
				size="sm"
				variant="outline"
				className="text-danger-soft-foreground"
				onPress={() => onOpen("end")}
			>
				End
			</Button>
		</span>
	);
}

function Schedule({ schedule }: { schedule: BackupSchedule }) {
	const { store, everyHours, keep, nextAt, lastError, lastAttemptAt, lastSuccessAt } = schedule;
	const due = isDue(schedule);
	const facts: readonly [string, ReactNode][] = [
		["Store", store],
		["How often", everyHours === 24 ? "Every day" : `Every ${plural(everyHours, "hour")}`],
		["Kept", `The newest ${plural(keep, "backup")}`],
		["Last result", <LastResult key="result" schedule={schedule} />],
		[
			"Last success",
			lastSuccessAt === null ? "Never" : <Time key="success" value={lastSuccessAt} />,
		],
		["Next", due ? "Now" : <Time key="next" value={nextAt} />],
	];
	return (
		<div className="flex flex-col gap-4">
			{lastError !== null && (
				<Banner tone="danger" title="The last backup failed">
					{lastError} Larder tries again every 15 minutes
					{lastAttemptAt !== null && (
						<>
							; the last attempt was <Time value={lastAttemptAt} look="relative" />
						</>
					)}
					.
				</Banner>
			)}
			<Facts facts={facts} />
			<BackupsTable schedule={schedule} />
		</div>
	);
}

function LastResult({ schedule }: { schedule: BackupSchedule }) {
	const { lastError, lastSuccessAt } = schedule;
	if (isUnderWay(schedule)) return <Status status="creating" word="Being made" />;
	if (lastError !== null) return <Status status="failed" />;
	if (lastSuccessAt === null) return <Status status="unknown" word="None yet" />;
	return <Status status="succeeded" />;
}
