package doctor

import "fmt"

// d, s and u are the three marks of docs/protocol.md.
func d(section string) Basis { return Basis{"D", section} }
func s(section string) Basis { return Basis{"S", section} }
func u(section string) Basis { return Basis{"U", section} }

func right(b Basis, format string, args ...any) finding {
	return finding{state: Right, basis: b, saw: fmt.Sprintf(format, args...)}
}

func warn(b Basis, format string, args ...any) finding {
	return finding{state: Warned, basis: b, saw: fmt.Sprintf(format, args...)}
}

func wrong(b Basis, format string, args ...any) finding {
	return finding{state: Wrong, basis: b, saw: fmt.Sprintf(format, args...)}
}

func lacking(b Basis, format string, args ...any) finding {
	return finding{state: Absent, basis: b, saw: fmt.Sprintf(format, args...)}
}

func unsure(b Basis, format string, args ...any) finding {
	return finding{state: Unsure, basis: b, saw: fmt.Sprintf(format, args...)}
}

func skip(format string, args ...any) finding {
	return finding{state: Skipped, saw: fmt.Sprintf(format, args...)}
}

// because skips a step for the sake of another.
func because(id, format string, args ...any) finding {
	f := skip(format, args...)
	f.because = id
	return f
}

// advise says what to do, and where if that is known.
func (f finding) advise(advice string, page *Page) finding {
	f.advice, f.page = advice, page
	return f
}

// The pages that can be named. The chapters are those of the vendor's guide; of the menu the vendor's
// pages show two paths and no more.
const (
	channelGuide = "租户管理员指南 > 配置多媒体渠道"
	agentGuide   = "租户管理员指南 > 启用人工服务"
	robotGuide   = "机器人管理配置指南 > 配置智能机器人"
	clientGuide  = "API参考 > 网页客户端接入"
)

// channelPage is the page of the web channel, and a field on it.
func channelPage(field string) *Page {
	return &Page{Guide: channelGuide, Menu: "运营管理 > 渠道配置", Field: field, Source: "S:SEED, D:LITE0512"}
}

// hoursPage names a field that only a text of the vendor's outside of its manuals has.
func hoursPage() *Page {
	p := channelPage("座席工作时间")
	p.Source += ", U (field)"
	return p
}

func agentPage() *Page {
	return &Page{Guide: agentGuide, Menu: "呼叫中心配置 > 座席管理", Field: "技能队列", Source: "S:SEED, D:LITE0512"}
}

func robotPage() *Page { return &Page{Guide: robotGuide, Source: "S:SEED"} }

func keyPage() *Page { return &Page{Guide: "API参考 > 接口鉴权方式", Source: "S:SEED"} }

func surveyPage() *Page {
	return &Page{Guide: "用户指南 > 管理问卷", Source: "S:SEED"}
}

// clientPage is the page of an endpoint: what is to be set up for it is not documented.
func clientPage(endpoint string) *Page {
	return &Page{Guide: clientGuide + " > " + endpoint, Source: "S:SEED"}
}
