"use client";

import { useQuery } from "@tanstack/react-query";
import { ShieldAlert } from "lucide-react";
import { LIMITS } from "../../server/contract/limits.ts";
import { VIEWERS_MAY } from "../_lib/roles.ts";
import { useTRPC } from "../_lib/trpc.ts";
import { ButtonLink } from "./button-link.tsx";
import { EmptyState } from "./notices.tsx";
import { Panel } from "./panel.tsx";

const NAMED = 5;

interface OnlyAdministratorsProps {
	/** What viewers can't do: "create caches". */
	what: string;
	back: { href: string; label: string };
}

/** Shown to viewers in place of a page that changes something: says who can. */
export function OnlyAdministrators({ what, back }: OnlyAdministratorsProps) {
	const trpc = useTRPC();
	const { data } = useQuery(trpc.users.list.queryOptions({ limit: LIMITS.pageSizeMax }));
	const administrators =
		data?.items.filter(({ role, status }) => role === "administrator" && status === "active") ?? [];
	return (
		<Panel flush>
			<EmptyState
				icon={ShieldAlert}
				title={`Viewers can't ${what}`}
				action={
					<>
						<ButtonLink href={back.href} variant="outline">
							{back.label}
						</ButtonLink>
						<ButtonLink href="/users" variant="outline">
							All users
						</ButtonLink>
					</>
				}
			>
				<p>
					You are a viewer. {VIEWERS_MAY} Ask an administrator to do it, or to change your role.
				</p>
				{administrators.length > 0 && (
					<ul aria-label="Administrators" className="mt-3 flex flex-col gap-0.5 text-foreground">
						{administrators.slice(0, NAMED).map(({ id, name, email }) => (
							<li key={id} className="wrap-anywhere">
								{name} <span className="text-muted">{email}</span>
							</li>
						))}
					</ul>
				)}
			</EmptyState>
		</Panel>
	);
}
