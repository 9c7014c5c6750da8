"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { ApiToken } from "../../../server/contract/token.ts";
import { useIsViewer } from "../../_lib/queries.ts";
import { pageInput } from "../../_lib/search-params.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { EmptyState, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { PAGE_HEADS } from "../../_ui/shell/page-heads.ts";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";
import { RevokeTokenDialog } from "./revoke-token-dialog.tsx";

const CreateTokenDialog = dynamic(
	async () => (await import("./create-token-dialog.tsx")).CreateTokenDialog,
);

const DIALOG = "create-token";
const HEAD = PAGE_HEADS["/tokens"];

function columns(onRevoke: (token: ApiToken) => void): readonly Column<ApiToken>[] {
	return [
		{
			id: "name",
			header: "Name",
			sortValue: (token) => token.name,
			lead: true,
			cell: (token) => <span className="font-semibold">{token.name}</span>,
		},
		{
			id: "prefix",
			header: "Begins with",
			cell: (token) => <code className="font-mono text-xs">{token.prefix}…</code>,
		},
		{
			id: "scope",
			header: "Scope",
			sortValue: (token) => token.scope,
			cell: (token) => (token.scope === "full" ? "Full access" : "Read-only"),
		},
		{ id: "by", header: "Created by", cell: (token) => token.createdBy },
		{
			id: "created",
			header: "Created",
			sortValue: (token) => token.createdAt,
			cell: (token) => <Time value={token.createdAt} look="relative" />,
		},
		{
			id: "used",
			header: "Last used",
			sortValue: (token) => token.lastUsedAt,
			cell: (token) =>
				token.lastUsedAt === null ? (
					<span className="text-muted">Never</span>
				) : (
					<Time value={token.lastUsedAt} look="relative" />
				),
		},
		{
			id: "expires",
			header: "Expires",
			sortValue: (token) => token.expiresAt,
			cell: (token) =>
				token.expiresAt === null ? (
					<span className="text-muted">Never</span>
				) : (
					<Time value={token.expiresAt} look="relative" />
				),
		},
		{
			id: "actions",
			header: "Actions",
			hideHeader: true,
			bare: true,
			align: "end",
			cell: (token) => (
				<ForAdministrators>
					<Button
						size="sm"
						variant="outline"
						className="text-danger-soft-foreground"
						aria-label={`Revoke ${token.name}`}
						onPress={() => onRevoke(token)}
					>
						Revoke
					</Button>
				</ForAdministrators>
			),
		},
	];
}

export function TokenList() {
	const trpc = useTRPC();
	const isViewer = useIsViewer();
	const { params, change } = useUrlParams();
	const [revoking, setRevoking] = useState<ApiToken | null>(null);
	const { data, error, isPending, refetch } = useQuery(
		trpc.tokens.list.queryOptions(pageInput(params), { placeholderData: keepPreviousData }),
	);
	const create = (
		<ForAdministrators>
			<Button onPress={() => change({ dialog: DIALOG })}>
				<Plus aria-hidden />
				Create token
			</Button>
		</ForAdministrators>
	);
	return (
		<>
			<PageHeader
				crumbs={[{ label: HEAD.title }]}
				title={HEAD.title}
				description={`${HEAD.description}${isViewer ? " You are a viewer. Ask an administrator for a token." : ""}`}
				actions={create}
			/>
			<Panel flush>
				{isPending ? (
					<TableSkeleton label="Loading tokens" rows={3} />
				) : data === undefined ? (
					<ProblemState
						title="Tokens couldn't be loaded"
						error={error}
						onRetry={() => void refetch()}
					/>
				) : data.items.length === 0 ? (
					<EmptyState icon={KeyRound} title="No tokens yet" action={create}>
						Create one for each script or system, so that each can be revoked on its own.
					</EmptyState>
				) : (
					<>
						<DataTable
							label="API tokens"
							columns={columns(setRevoking)}
							rows={data.items}
							rowKey={(token) => token.id}
							sorting={
								data.nextCursor === null && !params.has("cursor")
									? { by: "rows" }
									: { by: "server", columns: [] }
							}
						/>
						<Pager
							nextCursor={data.nextCursor}
							shown={data.items.length}
							noun={data.items.length === 1 ? "token" : "tokens"}
						/>
					</>
				)}
			</Panel>
			{params.get("dialog") === DIALOG && (
				<CreateTokenDialog onClose={() => change({ dialog: null })} />
			)}
			{revoking !== null && (
				<RevokeTokenDialog token={revoking} onClose={() => setRevoking(null)} />
			)}
		</>
	);
}
