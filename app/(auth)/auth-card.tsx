import type { ReactNode } from "react";

interface AuthCardProps {
	title: string;
	description?: ReactNode;
	children: ReactNode;
}

export function AuthCard({ title, description, children }: AuthCardProps) {
	return (
		<section className="w-full max-w-sm rounded-2xl border border-border bg-surface p-6 shadow-panel sm:p-7">
			<h1 className="text-lg font-semibold tracking-[-0.01em]">{title}</h1>
			{description !== undefined && <p className="mt-1 text-sm text-muted">{description}</p>}
			<div className="mt-5">{children}</div>
		</section>
	);
}
