"use client";

import { Button, toast } from "@heroui/react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { LogOut } from "lucide-react";
import type { Session } from "../../../server/contract/account.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { plural } from "../../_lib/format/count.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { Chip } from "../../_ui/chip.tsx";
import { ProblemState } from "../../_ui/notices.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";

function columns(onEnd: (session: Session) => void): readonly Column<Session>[] {
	return [
		{
			id: "browser",
			header: "Browser",
			lead: true,
			cell: (session) => (
				<span className="flex flex-wrap items-center gap-x-2 gap-y-1 font-semibold">
					{session.browser}
					{session.isCurrent && <Chip>This browser</Chip>}
				</span>
			),
		},
		{
			id: "address",
			header: "Address",
			cell: (session) =>
				session.address !== null && <code className="font-mono text-xs">{session.address}</code>,
		},
		{
			id: "since",
			header: "Signed in",
			cell: (session) => <Time value={session.createdAt} look="relative" />,
		},
		{
			id: "expires",
			header: "Expires",
			cell: (session) => <Time value={session.expiresAt} look="relative" />,
		},
		{
			id: "actions",
			header: "Actions",
			hideHeader: true,
			bare: true,
			align: "end",
			cell: (session) =>
				session.isCurrent ? null : (
					<Button
						size="sm"
						variant="outline"
						aria-label={`Sign out ${session.browser}, ${session.address ?? "address unknown"}`}
						onPress={() => onEnd(session)}
					>
						Sign out
					</Button>
				),
		},
	];
}

/** Where the user is signed in, and a way to sign out elsewhere. */
export function SessionsPanel() {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const { data, error, isPending, refetch } = useQuery(
		trpc.account.sessions.queryOptions({}, { refetchOnWindowFocus: true }),
	);
	const handlers = {
		onSuccess: async ({ endedSessions }: { endedSessions: number }) => {
			await queryClient.invalidateQueries({ queryKey: trpc.account.sessions.queryKey() });
			toast.success(`${plural(endedSessions, "session")} ended`);
		},
		onError: (problem: unknown) =>
			toast.danger("Sign-out failed", { description: toApiProblem(problem).message }),
	};
	const endOne = useMutation(trpc.account.endSession.mutationOptions(handlers));
	const endOthers = useMutation(trpc.account.endOtherSessions.mutationOptions(handlers));
	const others = data?.items.filter(({ isCurrent }) => !isCurrent).length ?? 0;
	return (
		<Panel
			flush
			title="Where you are signed in"
			aside={
				<Button
					size="sm"
					variant="outline"
					className="text-danger-soft-foreground"
					isDisabled={others === 0}
					isPending={endOthers.isPending}
					onPress={() => endOthers.mutate({})}
				>
					<LogOut aria-hidden />
					Sign out everywhere else
				</Button>
			}
		>
			<div className="pt-2">
				{isPending ? (
					<TableSkeleton label="Loading sessions" rows={2} />
				) : data === undefined ? (
					<ProblemState
						title="Sessions couldn't be loaded"
						error={error}
						onRetry={() => void refetch()}
					/>
				) : (
					<DataTable
						label="Sessions"
						columns={columns(({ id }) => endOne.mutate({ id }))}
						rows={data.items}
						rowKey={({ id }) => id}
					/>
				)}
			</div>
		</Panel>
	);
}
