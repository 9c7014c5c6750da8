import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { currentPageApi } from "../../server/contract/page-api.ts";
import { loginPath } from "../_lib/next-path.ts";
import { RenderedAtProvider } from "../_lib/rendered-at.tsx";
import { WithData } from "../_lib/with-data.tsx";
import { Navigation } from "../_ui/shell/navigation.tsx";
import { PendingWorkWatcher } from "../_ui/shell/pending-work-watcher.tsx";
import { SafeModeBanner } from "../_ui/shell/safe-mode-banner.tsx";
import { SessionGate } from "../_ui/shell/session-gate.tsx";
import { TopBar } from "../_ui/shell/top-bar.tsx";

/** Loads what the bar, the navigation and the banners show on every page. */
export default async function ConsoleLayout({ children }: { children: ReactNode }) {
	const api = currentPageApi();
	// Renders nothing for strangers, who could keep the control plane busy with it.
	if (api?.isSignedIn === false) redirect(loginPath(api.url));
	return (
		<WithData
			load={({ trpc, load }) =>
				Promise.all([
					load(trpc.account.me.queryOptions({})),
					load(trpc.overview.get.queryOptions({})),
				])
			}
		>
			<Shell>{children}</Shell>
		</WithData>
	);
}

function Shell({ children }: { children: ReactNode }) {
	return (
		<RenderedAtProvider ms={Date.now()}>
			<a
				href="#content"
				className="sr-only z-50 rounded-lg bg-accent px-3 py-2 font-medium text-accent-foreground focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
			>
				Skip to content
			</a>
			<TopBar />
			<div className="flex min-h-[calc(100dvh-3.25rem)]">
				<aside className="sticky top-13 hidden h-[calc(100dvh-3.25rem)] w-52 shrink-0 overflow-y-auto border-r border-border bg-sidebar nav:block">
					<Navigation />
				</aside>
				<main
					id="content"
					tabIndex={-1}
					className="mx-auto w-full max-w-[100rem] min-w-0 flex-1 px-4 pt-4 pb-16 outline-none sm:px-7"
				>
					<SessionGate>
						<SafeModeBanner />
						{children}
					</SessionGate>
				</main>
			</div>
			<PendingWorkWatcher />
		</RenderedAtProvider>
	);
}
