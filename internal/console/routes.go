package console

import "slices"

// routes returns all pages and actions.
func routes() []route {
	return slices.Concat(
		accessRoutes,
		settingsRoutes,
		overviewRoutes,
		liveRoutes,
		domainsRoutes,
		identityRoutes,
		recordingsRoutes,
		callbacksRoutes,
		explorerRoutes,
		errorsRoutes,
	)
}
