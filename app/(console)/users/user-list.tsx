"use client";

import { Button, toast } from "@heroui/react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { User } from "../../../server/contract/user.ts";
import { toApiProblem } from "../../_lib/api-problem.ts";
import { useIsViewer, useMe } from "../../_lib/queries.ts";
import { pageInput } from "../../_lib/search-params.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { DataTable } from "../../_ui/table/data-table.tsx";
import type { UserDialogName } from "./user-actions.ts";
import { userColumns } from "./user-columns.tsx";
import { DeleteUserDialog, DisableUserDialog } from "./user-dialogs.tsx";

const InviteDialog = dynamic(async () => (await import("./invite-dialog.tsx")).InviteDialog);
const ResetPasswordDialog = dynamic(
	async () => (await import("./reset-password-dialog.tsx")).ResetPasswordDialog,
);

const DIALOG = "invite";
const HEAD = PAGE_HEADS["/users"];

/** Users and pending invitations. */
export function UserList() {
	const trpc = useTRPC();
	const queryClient = useQueryClient();
	const { data: me } = useMe();
	const { params, change } = useUrlParams();
	const [asked, setAsked] = useState<{ user: User; dialog: UserDialogName } | null>(null);
	const cursor = params.get("cursor");
	const { data, error, isPending, refetch } = useQuery(
		trpc.users.list.queryOptions(pageInput(params), { placeholderData: keepPreviousData }),
	);
	const onChanged = () => queryClient.invalidateQueries({ queryKey: trpc.users.list.queryKey() });
	const modify = useMutation(
		trpc.users.modify.mutationOptions({
			onSuccess: async (user) => {
				await onChanged();
				toast.success(
					user.status === "disabled"
						? `${user.email} is disabled`
						: `${user.email} is ${user.role === "viewer" ? "a viewer" : "an administrator"}`,
				);
			},
			onError: (problem) =>
				toast.danger("The user wasn't changed", { description: toApiProblem(problem).message }),
		}),
	);
	const users = data?.items ?? [];
	const isWhole = data?.nextCursor === null && cursor === null;
	const columns = userColumns(
		{
			ownEmail: me?.email ?? null,
			// If there are more pages, only the server knows whether an administrator is the last one.
			administrators: isWhole ? countAdministrators(users) : Number.POSITIVE_INFINITY,
		},
		{
			modify: (user, wanted) => modify.mutate({ user: user.id, ...wanted }),
			ask: (user, dialog) => setAsked({ user, dialog }),
		},
	);
	const close = () => {
		setAsked(null);
		change({ dialog: null });
	};
	const isViewer = useIsViewer();
	const dialog = asked !== null && { user: asked.user, onClose: close, onChanged };
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={HEAD.title}
				description={`${HEAD.description}${isViewer ? " You are a viewer. Ask an administrator to make changes." : ""}`}
				actions={
					<ForAdministrators>
						<Button onPress={() => change({ dialog: DIALOG })}>
							<UserPlus aria-hidden />
							Invite user
						</Button>
					</ForAdministrators>
				}
			/>
			<Panel flush>
				{isPending ? (
					<TableSkeleton label="Loading users" rows={3} />
				) : data === undefined ? (
					<ProblemState
						title="Users couldn't be loaded"
						error={error}
						onRetry={() => void refetch()}
					/>
				) : (
					<>
						<DataTable
							label="Users"
							columns={columns}
							rows={users}
							rowKey={(user) => user.id}
							sorting={isWhole ? { by: "rows" } : { by: "server", columns: [] }}
						/>
						<Pager
							nextCursor={data.nextCursor}
							shown={users.length}
							noun={users.length === 1 ? "user" : "users"}
						/>
					</>
				)}
			</Panel>
			{asked === null && params.get("dialog") === DIALOG && (
				<InviteDialog user={null} onClose={close} />
			)}
			{asked?.dialog === "invite" && <InviteDialog user={asked.user} onClose={close} />}
			{asked?.dialog === "reset-password" && (
				<ResetPasswordDialog user={asked.user} onClose={close} onChanged={onChanged} />
			)}
			{asked?.dialog === "disable" && dialog && <DisableUserDialog {...dialog} />}
			{asked?.dialog === "delete" && dialog && <DeleteUserDialog {...dialog} />}
		</>
	);
}

function countAdministrators(users: readonly User[]): number {
	return users.filter(({ role, status }) => role === "administrator" && status === "active").length;
}
