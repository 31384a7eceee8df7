package tenant

import (
	"slices"
	"strings"
)

// phrasebook is what robot, agents and the platform say in one language. The agent's name stands
// for %s.
type phrasebook struct {
	robotName, system             string
	robotAnswers                  []string
	robotFile                     string
	handOver, noAgents            string
	queueing, connected, greeting string
	agents, agentAnswers          []string
	goodbye, silence              string
	suggestions                   []string  // what a customer who types may want to ask
	levels                        [5]string // of a survey, worst first
}

// The English texts have typographic apostrophes on purpose: a conversation without a character
// outside ASCII proves nothing about encodings, and some with an emoji, which is outside the Basic
// Multilingual Plane: UTF-16 needs two units for one, and some emoji are two characters.
var english = phrasebook{
	robotName: "robot", system: "system",
	robotAnswers: []string{
		"I’ve found this: an order can be changed until it leaves the warehouse.",
		"A refund takes three to five working days, depending on your bank.",
		"You’ll find the invoice in your account, under Orders.",
		"Parcels are usually delivered within two working days.",
		"I’m not sure that I understood. Could you put it in other words?",
		"Yes, that’s possible 🙂. Please have your order number ready.",
		"Our shops are open from nine to six, Monday to Saturday.",
		"The guarantee is two years; you don’t need the original box.",
	},
	robotFile: "Thank you, I’ve received your file.",
	handOver:  "I’ll put you through to one of my human colleagues.",
	noAgents:  "I’m sorry, none of my colleagues can help at the moment. You’re welcome to leave a message.",
	queueing:  "All agents are busy. You’re in the queue, please wait.",
	connected: "You’re now connected to %s.",
	greeting:  "Hello, this is %s. Give me a moment, I’m reading what you wrote.",
	agents:    []string{"Ann", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Irene", "James", "Kate", "Liam"},
	agentAnswers: []string{
		"Let me check that for you, it won’t take long.",
		"I can see the order here. It’s on its way.",
		"That’s strange. I’ll ask the warehouse.",
		"Thank you. Could you tell me the last four digits of the number?",
		"I’ve changed it, you’ll get a confirmation by mail.",
		"I understand, that’s annoying. Let’s see what I can do.",
		"The money is back in your account by Friday at the latest.",
		"Yes, I’ve noted it down 👍🏽. Is there anything else?",
	},
	goodbye: "Thank you for talking to us. Good-bye!",
	silence: "We haven’t heard from you for a while. You can go on with this conversation later.",
	suggestions: []string{
		"How long does a refund take?",
		"Which refund rules apply?",
		"Where is my order?",
		"Can I change my order?",
		"How do I cancel my order?",
		"Can I pay my order by invoice?",
		"Is my order insured?",
		"Where are my earlier orders?",
		"Where do I find my invoice?",
		"How long is the guarantee?",
		"When are the shops open?",
	},
	levels: [5]string{"very dissatisfied", "dissatisfied", "neutral", "satisfied", "very satisfied"},
}

var chinese = phrasebook{
	robotName: "机器人", system: "系统",
	robotAnswers: []string{
		"您好，订单在出库之前都可以修改。",
		"退款一般需要三到五个工作日，具体取决于银行。",
		"发票可以在“我的订单”页面下载。",
		"包裹通常在两个工作日内送达。",
		"抱歉，我没有完全理解，您能换个说法吗？",
		"可以的🙂，请先准备好您的订单号。",
		"我们的营业时间是周一至周六，九点到十八点。",
		"保修期为两年，不需要原包装。",
	},
	robotFile: "谢谢，文件已经收到。",
	handOver:  "正在为您转接人工客服。",
	noAgents:  "抱歉，目前没有可用的人工客服，您可以留言。",
	queueing:  "当前座席全忙，您正在排队，请稍候。",
	connected: "客服%s已接入，为您服务。",
	greeting:  "您好，我是%s，请稍等，我先看一下您的问题。",
	agents:    []string{"王芳", "李伟", "张敏", "刘洋", "陈静", "杨磊", "赵丽", "黄强", "周杰", "吴霞", "徐明", "孙悦"},
	agentAnswers: []string{
		"我来帮您查一下，请稍等。",
		"订单已经查到了，正在配送途中。",
		"这有点奇怪，我向仓库核实一下。",
		"谢谢，请告诉我号码的后四位。",
		"已经为您修改好了，稍后会收到确认邮件。",
		"理解您的心情，我看看怎么处理。",
		"款项最晚周五退回您的账户。",
		"好的，已经记录👍🏽。请问还有其他问题吗？",
	},
	goodbye: "感谢您的咨询，再见！",
	silence: "您已经有一段时间没有回复了，之后可以继续本次会话。",
	suggestions: []string{
		"退款需要多长时间？",
		"退款规则是什么？",
		"我的订单在哪里？",
		"可以修改订单吗？",
		"怎么取消订单？",
		"订单可以开发票吗？",
		"订单有运费险吗？",
		"怎么查看历史订单？",
		"保修期是多长时间？",
		"门店几点营业？",
	},
	levels: [5]string{"非常不满意", "不满意", "一般", "满意", "非常满意"},
}

// words are the texts in the customer's language.
func (v *conversation) words() *phrasebook { return book(v.c.chinese) }

// book is the phrasebook of a language.
func book(inChinese bool) *phrasebook {
	if inChinese {
		return &chinese
	}
	return &english
}

// isChinese reads a locale such as zh or zh_CN. Everything else is answered in English.
func isChinese(locale string) bool { return strings.HasPrefix(locale, "zh") }

// wordsIn are the texts in the language of a locale, or without one in the customer's own.
func (c *customer) wordsIn(locale string) *phrasebook {
	if locale != "" {
		return book(isChinese(locale))
	}
	c.mu.Lock()
	defer c.unlock()
	return book(c.chinese)
}

// pick chooses from a bank, and nothing that was chosen lately: nobody says the same thing twice in
// one breath.
func (v *conversation) pick(bank []string) string {
	i := v.rng.IntN(len(bank))
	for slices.Contains(v.picked[:], bank[i]) {
		i = (i + 1) % len(bank)
	}
	copy(v.picked[1:], v.picked[:])
	v.picked[0] = bank[i]
	return bank[i]
}
