"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../_lib/trpc.ts";
import { PageLink } from "../../_ui/page-link.tsx";
import { WRITE_GUARD_PARAMETER, writeGuardOf, writeGuardWords } from "./write-guard.ts";

interface WriteGuardNoteProps {
	/** Null for the family's default group, which holds no values of its own. */
	group: string | null;
	replicasPerShard: number;
	/** Opens the link in a new tab: following it here would lose what was typed. */
	opensTab?: boolean;
}

/** What happens to writes when a primary is cut off, with the value in force and the way to change it. */
export function WriteGuardNote(props: WriteGuardNoteProps) {
	const { group, replicasPerShard, opensTab = false } = props;
	const trpc = useTRPC();
	const query = useQuery(
		trpc.parameterGroups.get.queryOptions(
			{ name: group ?? "" },
			{ enabled: group !== null, staleTime: 5_000 },
		),
	);
	if (group !== null && query.data === undefined) return null;
	const guard = writeGuardOf(replicasPerShard, query.data?.parameters ?? null);
	const isOwn = query.data?.isDefault === false;
	return (
		<p className="text-[0.8125rem] text-pretty text-muted" data-write-guard={guard.replicas}>
			{writeGuardWords(guard, replicasPerShard)}{" "}
			<span className="text-foreground">
				<code className="font-mono text-xs">
					{WRITE_GUARD_PARAMETER} = {guard.replicas}
				</code>
				{guard.isSet ? ", set by the parameter group. " : ", by default. "}
			</span>
			<PageLink
				href={
					isOwn
						? `/parameter-groups/${group}?search=${WRITE_GUARD_PARAMETER}`
						: "/parameter-groups?dialog=create"
				}
				{...(opensTab ? { target: "_blank" } : {})}
				className="underline hover:text-foreground"
			>
				{isOwn ? "Change it in the parameter group" : "Change it with a parameter group"}
			</PageLink>
		</p>
	);
}
