package console

// chineseTexts are the Simplified Chinese texts, each part's own in a file beside
// it.
var chineseTexts = []map[string]string{
	chineseFrame,
	chineseDomains,
	chineseAccess,
	chineseOverview,
	chineseLive,
	chineseCallbacks,
	chineseRecordings,
	chineseExplorer,
}

// chineseFrame are those of the frame, of signing in and of refusals.
var chineseFrame = map[string]string{
	"Skip to the content": "跳到内容",
	"Menu":                "菜单",
	"Console":             "控制台",
	"Overview":            "概览",
	"Live":                "直播流",
	"Recordings":          "录制",
	"Callbacks":           "回调",
	"Domains":             "域名",
	"Access":              "访问控制",
	"API":                 "API",
	"Errors":              "错误中心",
	"Signed in":           "已登录",
	"Sign in":             "登录",
	"Sign out":            "退出",
	"System colours":      "跟随系统",
	"Light":               "浅色",
	"Dark":                "深色",
	"What this means":     "错误说明",
	"Pages":               "分页",
	"Newer":               "较新",
	"Older":               "较旧",
	"To the first page":   "返回首页",
	"AccessKey ID":        "AccessKey ID",
	"AccessKey Secret":    "AccessKey Secret",
	"The first key pair is in the file access-key.env of the data folder; the command tallylight keys makes others.": "首个密钥对保存在数据目录的 access-key.env 文件中;可用 tallylight keys 命令创建其他密钥。",

	"Too many attempts failed. Wait %d seconds.":                 "失败次数过多,请等待 %d 秒。",
	"This is not an active access key with its secret.":          "AccessKey 或其 Secret 不正确,或该密钥未启用。",
	"There is no page at this address.":                          "该地址没有页面。",
	"This form was sent by another site.":                        "该表单来自其他网站。",
	"This form belongs to another session. Open the page again.": "该表单属于另一个会话,请重新打开页面。",
	"Your session is over. Sign in again.":                       "会话已结束,请重新登录。",
	"The server could not make this page. Its log says why.":     "服务器无法生成此页面,原因见服务器日志。",
	"Too many pages are open.":                                   "打开的页面过多。",
	"Your policies do not allow live:%s.":                        "您的权限策略不允许 live:%s。",
	"Your policies do not allow live:%s on %s.":                  "您的权限策略不允许对 %[2]s 执行 live:%[1]s。",
}
