import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { PageLink } from "./page-link.tsx";

export interface Crumb {
	label: string;
	href?: string;
}

interface PageHeaderProps {
	crumbs: readonly Crumb[];
	title: ReactNode;
	/** Beside the title: count, status, chips. */
	meta?: ReactNode;
	actions?: ReactNode;
	description?: ReactNode;
}

function Breadcrumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
	return (
		<nav aria-label="Breadcrumbs">
			<ol className="flex flex-wrap items-center gap-1 text-[0.8125rem] text-muted">
				{crumbs.map(({ label, href }, index) => (
					<li key={label} className="flex items-center gap-1">
						{index > 0 && <ChevronRight aria-hidden className="size-3 opacity-60" />}
						{href === undefined ? (
							<span aria-current={index === crumbs.length - 1 ? "page" : undefined}>{label}</span>
						) : (
							<PageLink href={href} className="hover:text-foreground hover:underline">
								{label}
							</PageLink>
						)}
					</li>
				))}
			</ol>
		</nav>
	);
}

/** Breadcrumbs, the page's one h1, and what can be done here. */
export function PageHeader({ crumbs, title, meta, actions, description }: PageHeaderProps) {
	return (
		<header className="mb-4">
			<Breadcrumbs crumbs={crumbs} />
			<div className="mt-2 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
				<div className="min-w-0">
					<div className="flex min-h-9 min-w-0 flex-wrap items-center gap-x-2.5 gap-y-1.5">
						<h1 className="min-w-0 text-[1.375rem] leading-8 font-semibold tracking-[-0.015em] break-words">
							{title}
						</h1>
						{meta}
					</div>
					{description !== undefined && (
						<p className="mt-0.5 max-w-2xl text-sm text-pretty break-words text-muted">
							{description}
						</p>
					)}
				</div>
				{actions !== undefined && (
					<div className="flex flex-wrap items-center gap-2">{actions}</div>
				)}
			</div>
		</header>
	);
}
