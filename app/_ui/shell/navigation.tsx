"use client";

import {
	Activity,
	Archive,
	BookOpen,
	Database,
	FlaskConical,
	HardDrive,
	KeyRound,
	type LucideIcon,
	MemoryStick,
	ReceiptText,
	ScrollText,
	Server,
	SlidersHorizontal,
	Users,
	Zap,
} from "lucide-react";
import { usePathname, useSearchParams } from "next/navigation";
import { useOverview } from "../../_lib/queries.ts";
import { classNames } from "../class-names.ts";
import { PageLink } from "../page-link.tsx";

interface Item {
	href: string;
	label: string;
	icon: LucideIcon;
	count?: "caches" | "hosts";
}

export const SECTIONS: readonly { label: string; items: readonly Item[] }[] = [
	{
		label: "Caches",
		items: [
			{ href: "/caches", label: "All caches", icon: Database, count: "caches" },
			{ href: "/backups", label: "Backups", icon: Archive },
			{ href: "/accelerators", label: "Accelerators", icon: Zap },
			{ href: "/parameter-groups", label: "Parameter groups", icon: SlidersHorizontal },
			{ href: "/lab", label: "Strategy lab", icon: FlaskConical },
		],
	},
	{
		label: "Fleet",
		items: [
			{ href: "/hosts", label: "Hosts", icon: Server, count: "hosts" },
			{ href: "/node-types", label: "Node types", icon: MemoryStick },
			{ href: "/stores", label: "Stores", icon: HardDrive },
			{ href: "/costs", label: "Costs", icon: ReceiptText },
			{ href: "/events", label: "Events", icon: Activity },
		],
	},
	{
		label: "Access",
		items: [
			{ href: "/users", label: "Users", icon: Users },
			{ href: "/tokens", label: "API tokens", icon: KeyRound },
			{ href: "/audit", label: "Audit log", icon: ScrollText },
			{ href: "/api-reference", label: "API reference", icon: BookOpen },
		],
	},
];

/** Where a page belongs. The form that creates caches also restores snapshots, and then it belongs to the backups. */
function placeOf(pathname: string, params: URLSearchParams): string {
	return pathname === "/caches/create" && params.has("snapshot") ? "/backups" : pathname;
}

/** The side navigation; `onNavigate` lets a drawer close. */
export function Navigation({ onNavigate }: { onNavigate?: () => void }) {
	const place = placeOf(usePathname(), useSearchParams());
	const { data: overview } = useOverview();
	return (
		<nav aria-label="Main" className="flex flex-col gap-5 px-2.5 py-4">
			{SECTIONS.map((section) => (
				<div key={section.label}>
					<h2 className="px-2.5 pb-1.5 text-[0.6875rem] font-semibold tracking-[0.06em] text-muted uppercase">
						{section.label}
					</h2>
					<ul className="flex flex-col gap-0.5">
						{section.items.map(({ href, label, icon: Icon, count }) => {
							const isCurrent = place === href || place.startsWith(`${href}/`);
							const number = count === undefined ? undefined : overview?.[count];
							return (
								<li key={href}>
									<PageLink
										href={href}
										aria-current={isCurrent ? "page" : undefined}
										{...(onNavigate === undefined ? {} : { onClick: onNavigate })}
										className={classNames(
											"flex h-9 items-center gap-2.5 rounded-lg px-2.5 font-medium nav:h-8.5",
											isCurrent
												? "bg-accent-soft text-accent-soft-foreground"
												: "text-foreground hover:bg-surface-secondary",
										)}
									>
										<Icon aria-hidden className={isCurrent ? "size-4" : "size-4 text-muted"} />
										{label}
										{number !== undefined && (
											<span className="ml-auto text-[0.8125rem] font-normal tabular-nums opacity-80">
												{number.toLocaleString("en-US")}
											</span>
										)}
									</PageLink>
								</li>
							);
						})}
					</ul>
				</div>
			))}
		</nav>
	);
}
