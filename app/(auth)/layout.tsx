import { type ReactNode, Suspense } from "react";
import { Logo } from "../_ui/logo.tsx";
import { ThemeMenu } from "../_ui/shell/preference-controls.tsx";

export default function AuthLayout({ children }: { children: ReactNode }) {
	return (
		<div className="flex min-h-dvh flex-col">
			<header className="flex h-13 items-center justify-end px-4">
				<ThemeMenu />
			</header>
			<main className="flex flex-1 flex-col items-center px-4 pt-[8dvh] pb-16">
				<div className="mb-7 flex items-center gap-3 text-xl font-semibold tracking-[-0.01em]">
					<Logo className="size-7" />
					Larder
				</div>
				<Suspense>{children}</Suspense>
				<p className="mt-6 text-[0.8125rem] text-muted">ElastiCache on your own machines</p>
			</main>
		</div>
	);
}
