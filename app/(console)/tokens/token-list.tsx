"use client";

import { Button } from "@heroui/react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import type { ApiToken } from "../../../server/contract/token.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { useUrlParams } from "../../_lib/use-url-params.ts";
import { type Column, DataTable } from "../../_ui/data-table.tsx";
import { EmptyState, ProblemState } from "../../_ui/notices.tsx";
import { PageHeader } from "../../_ui/page-header.tsx";
import { Pager } from "../../_ui/pager.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { TableSkeleton } from "../../_ui/skeletons.tsx";
import { Time } from "../../_ui/time.tsx";
import { CreateTokenDialog } from "./create-token-dialog.tsx";
import { RevokeTokenDialog } from "./revoke-token-dialog.tsx";

const PAGE_SIZE = 50;
const DIALOG = "create-token";

function columns(onRevoke: (token: ApiToken) => void): readonly Column<ApiToken>[] {
	return [
		{
			id: "name",
			header: "Name",
			lead: true,
			cell: (token) => <span className="font-semibold">{token.name}</span>,
		},
		{
			id: "prefix",
			header: "Begins with",
			cell: (token) => <code className="font-mono text-xs">{token.prefix}…</code>,
		},
		{ id: "by", header: "Created by", cell: (token) => token.createdBy },
		{
			id: "created",
			header: "Created",
			cell: (token) => <Time value={token.createdAt} look="relative" />,
		},
		{
			id: "used",
			header: "Last used",
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
				<Button
					size="sm"
					variant="outline"
					className="text-danger-soft-foreground"
					aria-label={`Revoke ${token.name}`}
					onPress={() => onRevoke(token)}
				>
					Revoke
				</Button>
			),
		},
	];
}

export function TokenList() {
	const trpc = useTRPC();
	const { params, change } = useUrlParams();
	const [revoking, setRevoking] = useState<ApiToken | null>(null);
	const cursor = params.get("cursor");
	const { data, error, isPending, refetch } = useQuery(
		trpc.tokens.list.queryOptions(
			{ limit: PAGE_SIZE, ...(cursor === null ? {} : { cursor }) },
			{ placeholderData: keepPreviousData },
		),
	);
	const create = (
		<Button onPress={() => change({ dialog: DIALOG })}>
			<Plus aria-hidden />
			Create token
		</Button>
	);
	return (
		<>
			<PageHeader
				crumbs={[{ label: "API tokens" }]}
				title="API tokens"
				description="For scripts, the CLI and other systems. A token may do what you may do; send it as a bearer token."
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
						/>
						<Pager
							nextCursor={data.nextCursor}
							shown={data.items.length}
							noun={data.items.length === 1 ? "token" : "tokens"}
						/>
					</>
				)}
			</Panel>
			<CreateTokenDialog
				isOpen={params.get("dialog") === DIALOG}
				onOpenChange={(isOpen) => change({ dialog: isOpen ? DIALOG : null })}
			/>
			<RevokeTokenDialog token={revoking} onClose={() => setRevoking(null)} />
		</>
	);
}
