"use client";

import { Button } from "@heroui/react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { JoinToken } from "../../../server/contract/host.ts";
import { CALM_POLL_MS } from "../../_lib/queries.ts";
import { useTRPC } from "../../_lib/trpc.ts";
import { ForAdministrators } from "../../_ui/for-administrators.tsx";
import { Panel } from "../../_ui/panel.tsx";
import { type Column, DataTable } from "../../_ui/table/data-table.tsx";
import { Time } from "../../_ui/time.tsx";
import { JOIN_TOKENS_SHOWN } from "./join-tokens-shown.ts";
import { RevokeJoinTokenDialog } from "./revoke-join-token-dialog.tsx";

const WORDS: Readonly<Record<JoinToken["status"], string>> = {
	active: "Active",
	used: "Used up",
	expired: "Expired",
	revoked: "Revoked",
};

function columns(onRevoke: (token: JoinToken) => void): readonly Column<JoinToken>[] {
	return [
		{
			id: "prefix",
			header: "Begins with",
			lead: true,
			cell: (token) => <code className="font-mono text-xs">{token.prefix}…</code>,
		},
		{
			id: "status",
			header: "Status",
			cell: (token) => (
				<span className={token.status === "active" ? "" : "text-muted"}>{WORDS[token.status]}</span>
			),
		},
		{
			id: "uses",
			header: "Hosts joined",
			cell: (token) => (
				<span className="tabular-nums">
					{token.uses} of {token.maxUses}
					{token.hosts.length > 0 && (
						<span className="text-muted"> {token.hosts.slice(0, 3).join(", ")}</span>
					)}
				</span>
			),
		},
		{ id: "by", header: "Created by", cell: (token) => token.createdBy },
		{
			id: "expires",
			header: "Expires",
			cell: (token) => <Time value={token.expiresAt} look="relative" />,
		},
		{
			id: "actions",
			header: "Actions",
			hideHeader: true,
			bare: true,
			align: "end",
			cell: (token) =>
				token.status === "active" ? (
					<ForAdministrators>
						<Button
							size="sm"
							variant="outline"
							className="text-danger-soft-foreground"
							aria-label={`Revoke ${token.prefix}`}
							onPress={() => onRevoke(token)}
						>
							Revoke
						</Button>
					</ForAdministrators>
				) : null,
		},
	];
}

/** The newest tokens that let hosts join; nothing while there are none. */
export function JoinTokensPanel() {
	const trpc = useTRPC();
	const [revoking, setRevoking] = useState<JoinToken | null>(null);
	const { data } = useQuery(
		trpc.hosts.listJoinTokens.queryOptions(
			{ limit: JOIN_TOKENS_SHOWN },
			{ refetchInterval: CALM_POLL_MS },
		),
	);
	if (data === undefined || data.items.length === 0) return null;
	return (
		<>
			<Panel flush title="Join tokens">
				<div className="pt-2">
					<DataTable
						label="Join tokens"
						columns={columns(setRevoking)}
						rows={data.items}
						rowKey={(token) => token.id}
					/>
				</div>
			</Panel>
			{revoking !== null && (
				<RevokeJoinTokenDialog token={revoking} onClose={() => setRevoking(null)} />
			)}
		</>
	);
}
